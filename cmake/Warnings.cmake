# SPDX-License-Identifier: GPL-2.0-only
# Link sqp_warnings to compile as this project does: GNU C, all warnings are errors.
add_library(sqp_warnings INTERFACE)
target_compile_definitions(sqp_warnings INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
target_compile_options(sqp_warnings INTERFACE -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
	-Wpointer-arith -Wwrite-strings -Wvla)
