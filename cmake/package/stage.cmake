# SPDX-License-Identifier: GPL-2.0-only
# Run by cpack on what it has staged, CPACK_TEMPORARY_DIRECTORY. `cmake --install` leaves all this out, so that a machine that
# nobody packages for gets no timer and has plain man pages.
set(stage ${CPACK_TEMPORARY_DIRECTORY})
set(from ${CMAKE_CURRENT_LIST_DIR})
set(nightly ${from}/sqbench-nightly)
set(ENV{DESTDIR} ${stage})
file(INSTALL ${nightly}.service ${nightly}.timer DESTINATION /usr/lib/systemd/system)
file(INSTALL ${nightly}.default DESTINATION /etc/default RENAME sqbench-nightly)
file(INSTALL ${from}/copyright ${from}/changelog DESTINATION /usr/share/doc/sqbench)

file(GLOB_RECURSE pages LIST_DIRECTORIES OFF ${stage}/usr/share/man/*.[1-8])
if(NOT pages)
	message(FATAL_ERROR " no man pages below ${stage}")
endif()
execute_process(COMMAND gzip -9n ${pages} ${stage}/usr/share/doc/sqbench/changelog RESULT_VARIABLE failed)
if(failed)
	message(FATAL_ERROR " gzip of man pages and changelog failed: ${failed}")
endif()
file(CHMOD_RECURSE ${stage} DIRECTORY_PERMISSIONS # whatever the umask
	OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
