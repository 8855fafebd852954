// SPDX-License-Identifier: GPL-2.0-only
/* powercut DIR: the file system of DIR writes nothing more, not even its journal, as if the power had gone. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

/* As of the kernel's xfs_fs.h; ext4 and f2fs have the same. */
#define GOING_DOWN _IOR('X', 125, uint32_t)
enum { WITHOUT_LOG_FLUSH = 2 };

int main(int argc, char **argv)
{
	uint32_t how = WITHOUT_LOG_FLUSH;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0 && !ioctl(fd, GOING_DOWN, &how))
		return 0;
	perror(argc == 2 ? argv[1] : "usage: powercut DIR");
	return 1;
}
