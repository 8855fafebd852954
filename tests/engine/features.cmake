# SPDX-License-Identifier: GPL-2.0-only
foreach(group IN ITEMS transfers contents pace jobs amounts errors)
	sqp_test(NAME engine-features-${group} ASAN TIMEOUT 600
		COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/features.sh ${group})
endforeach()
sqp_test(NAME engine-examples TIMEOUT 600 COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/examples.sh)
foreach(name IN ITEMS files client-server output signals)
	sqp_test(NAME engine-${name} ASAN TIMEOUT 600 COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/${name}.sh)
endforeach()
