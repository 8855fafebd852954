# SPDX-License-Identifier: GPL-2.0-only
# `cpack`, or the target "package": engine, sqbench, jobs, man pages and the units of the nightly as one Debian package, for
# exactly the fio that the engine was built for.
set(package_dir ${CMAKE_CURRENT_LIST_DIR}/package)
get_directory_property(FIO_VERSION DIRECTORY ${PROJECT_SOURCE_DIR}/engine DEFINITION FIO_VERSION)

# package_fio(VERSION REASON): the Debian version of the fio that the engine is built for, or why there is none
function(package_fio version reason)
	set(${version} "" PARENT_SCOPE)
	set(${reason} "" PARENT_SCOPE)
	if(NOT "$CACHE{FIO_SOURCE_DIR}" STREQUAL "")
		set(${reason} "the engine is built for ${FIO_VERSION} in FIO_SOURCE_DIR, and no Debian package of that fio is known to depend on: configure without FIO_SOURCE_DIR" PARENT_SCOPE)
		return()
	endif()
	execute_process(COMMAND dpkg-query -W -f "\${Version}" fio OUTPUT_VARIABLE found RESULT_VARIABLE failed ERROR_QUIET)
	if(failed OR found STREQUAL "")
		set(${reason} "dpkg-query knows no package fio to depend on: install fio, then configure again" PARENT_SCOPE)
		return()
	endif()
	set(${version} ${found} PARENT_SCOPE)
endfunction()

package_fio(fio_package SQP_NO_PACKAGE)
if(SQP_SANITIZE)
	set(SQP_NO_PACKAGE "this build has sanitizers, which no fio can load: package the preset release")
elseif(NOT SQP_BENCH)
	set(SQP_NO_PACKAGE "this build is without sqbench: configure with -DSQP_BENCH=ON")
elseif(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
	set(SQP_NO_PACKAGE "the prefix is ${CMAKE_INSTALL_PREFIX}, where fio does not find its engine: configure with -DCMAKE_INSTALL_PREFIX=/usr")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME sqbench)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "whoever built it <root@localhost>" CACHE STRING "Maintainer of the package, NAME <ADDRESS>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
# All there is, by the name of its component, so that install_manifest.txt, by which "uninstall" goes, stays that of
# `cmake --install`.
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};${PROJECT_NAME};Unspecified;/")
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${package_dir}/stage.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "fio (= ${fio_package})")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS gnuplot-nox)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
	${package_dir}/conffiles ${package_dir}/postinst ${package_dir}/prerm ${package_dir}/postrm)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "tells whether io_uring SQPOLL pays for a load, every night")
set(CPACK_PACKAGE_DESCRIPTION "The fio ioengine sqpoll submits I/O by a kernel thread (io_uring SQPOLL) and
counts what that costs. sqbench measures with it which way to submit is best
for a load, how long the kernel's thread should spin and where it should sit,
and answers in one sentence with the plots that prove it.
.
The timer sqbench-nightly measures a fixed suite each night and says what got
slower, and since when. It is not started by installing.
.
The engine fits only the fio that it was built for, ${FIO_VERSION}.")

set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_BINARY_DIR}/package-config.cmake)
configure_file(${package_dir}/config.cmake.in ${CPACK_PROJECT_CONFIG_FILE} @ONLY)
include(CPack)
