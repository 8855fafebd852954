# SPDX-License-Identifier: GPL-2.0-only
#
# sqp_test(NAME name [QUICK] [ASAN] [LONG] [SERIAL] [TIMEOUT seconds] COMMAND cmd args...)
#   QUICK   label "quick": part of `scripts/test quick`
#   ASAN    label "asan-ok": run again in build/asan by `scripts/test all`
#   LONG    label "long": `scripts/test ci` leaves it out
#   SERIAL  never together with another test (it measures, or it owns the machine)
#   TIMEOUT seconds, 120 by default: no test may hang
# Exit code 77 means "could not run here"; tests/allowed-skips says which reasons are accepted.

set(SQP_PRELOAD "")
if(SQP_SANITIZE)
	# fio is not instrumented, so it must be given the runtimes that an instrumented engine needs.
	foreach(runtime IN ITEMS asan ubsan)
		execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=lib${runtime}.so
			OUTPUT_VARIABLE runtime_path OUTPUT_STRIP_TRAILING_WHITESPACE)
		if(IS_ABSOLUTE "${runtime_path}")
			list(APPEND SQP_PRELOAD "${runtime_path}")
		endif()
	endforeach()
	list(JOIN SQP_PRELOAD ":" SQP_PRELOAD)
endif()

function(sqp_test)
	cmake_parse_arguments(PARSE_ARGV 0 T "QUICK;ASAN;LONG;SERIAL" "NAME;TIMEOUT" "COMMAND")
	if(NOT T_NAME OR NOT T_COMMAND OR T_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR "sqp_test(${ARGV}): NAME and COMMAND are needed, and nothing unknown")
	endif()
	if(NOT T_TIMEOUT)
		set(T_TIMEOUT 120)
	endif()

	set(labels "")
	if(T_QUICK)
		list(APPEND labels quick)
	endif()
	if(T_ASAN)
		list(APPEND labels asan-ok)
	endif()

	if(T_LONG)
		list(APPEND labels long)
	endif()

	set(environment
		"SQP_SOURCE=${PROJECT_SOURCE_DIR}"
		"SQP_BUILD=${PROJECT_BINARY_DIR}"
		"SQP_ENGINE_DIR=${PROJECT_BINARY_DIR}/engine"
		"SQP_BENCH=${PROJECT_BINARY_DIR}/bench/sqbench")
	if(SQP_PRELOAD)
		list(APPEND environment "SQP_PRELOAD=${SQP_PRELOAD}"
			"ASAN_OPTIONS=abort_on_error=1"
			"UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1")
	endif()

	add_test(NAME ${T_NAME} COMMAND ${T_COMMAND})
	set_tests_properties(${T_NAME} PROPERTIES
		SKIP_RETURN_CODE 77
		TIMEOUT ${T_TIMEOUT}
		LABELS "${labels}"
		ENVIRONMENT "${environment}")
	if(T_SERIAL)
		set_tests_properties(${T_NAME} PROPERTIES RUN_SERIAL TRUE)
	endif()
endfunction()
