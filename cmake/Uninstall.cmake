# SPDX-License-Identifier: GPL-2.0-only
# "uninstall" removes what the last install of this build tree has put down, and directories that are empty then.
file(WRITE ${CMAKE_BINARY_DIR}/uninstall.cmake [=[
if(NOT EXISTS "${MANIFEST}")
	message(FATAL_ERROR "nothing is installed from this build tree: ${MANIFEST} is missing")
endif()
file(STRINGS "${MANIFEST}" files)
foreach(f IN LISTS files)
	file(REMOVE "$ENV{DESTDIR}${f}")
	message(STATUS "Removed: $ENV{DESTDIR}${f}")
	get_filename_component(dir "$ENV{DESTDIR}${f}" DIRECTORY)
	execute_process(COMMAND rmdir -p --ignore-fail-on-non-empty ${dir} ERROR_QUIET)
endforeach()
file(REMOVE "${MANIFEST}")
]=])
add_custom_target(uninstall
	COMMAND ${CMAKE_COMMAND} -DMANIFEST=${CMAKE_BINARY_DIR}/install_manifest.txt -P ${CMAKE_BINARY_DIR}/uninstall.cmake)
