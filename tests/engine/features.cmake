# SPDX-License-Identifier: GPL-2.0-only
# The sanitizers see requests of all sizes and what fails; all of them twice takes too long.
foreach(group IN ITEMS transfers errors)
	sqp_test(NAME engine-features-${group} ASAN TIMEOUT 600 COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/features.sh ${group})
endforeach()
foreach(group IN ITEMS contents pace jobs amounts)
	sqp_test(NAME engine-features-${group} TIMEOUT 600 COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/features.sh ${group})
endforeach()
sqp_test(NAME engine-examples TIMEOUT 600 COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/examples.sh)
sqp_test(NAME engine-files TIMEOUT 600 COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/files.sh)
foreach(name IN ITEMS client-server output signals)
	sqp_test(NAME engine-${name} ASAN TIMEOUT 600 COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/${name}.sh)
endforeach()
