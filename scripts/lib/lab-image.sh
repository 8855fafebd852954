# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # what it reads is set by scripts/lab
#
# What a guest finds in its root: this machine's fio, shell and tools with their libraries (kept, made anew when a package
# changes), the kernel's modules, and the tree's release build with its tests and jobs at the path they have here.
# The kernel unpacks archives that follow each other, so each part is an archive of its own. Needs say.sh.

image_cache=$root/build/deps/lab

# Whole packages of which the programs are taken, and single programs that are taken where they are installed
image_packages='bash dash coreutils grep sed findutils util-linux mount procps kmod e2fsprogs jq gzip tar diffutils'
image_programs='fio mawk gawk awk strace dmsetup blkzone nvme perf xfs_io mkfs.xfs mkfs.btrfs'

# A tool may load these by itself
image_libraries='libgcc_s.so.1 libnss_files.so.2'

image_identity() {
	cksum <"${BASH_SOURCE[0]}"
	# shellcheck disable=SC2086 # words
	dpkg-query -W -f '${Package} ${Version}\n' $image_packages fio strace dmsetup nvme-cli libc6 2>/dev/null || true
}

# image_files: programs of the guest, one path each
image_files() {
	local package name
	for package in $image_packages; do
		dpkg -L "$package" 2>/dev/null | grep -E '^(/usr)?/s?bin/[^/]+$' || note "not in the guest: $package is not installed"
	done
	for name in $image_programs; do
		command -v "$name" || true
	done
}

# libraries_of FILE...: with the loader
libraries_of() {
	{ ldd "$@" 2>/dev/null || true; } | grep -oE '/[^ )]+' | grep -v ':$' | sort -u
}

# copy_here DIR: the files on stdin, links followed, below DIR where they lie on this machine
copy_here() {
	local file real
	while read -r file; do
		real=$(readlink -f "$file") || continue
		[ -f "$real" ] || continue
		# /bin and /lib are links into /usr in the guest
		case $file in /bin/* | /sbin/* | /lib/* | /lib64/*) file=/usr$file ;; esac
		[ ! -e "$1$file" ] || continue
		mkdir -p "$1${file%/*}"
		cp "$real" "$1$file"
	done
}

# pack DIR: as an archive on stdout
pack() {
	(cd "$1" && find . -mindepth 1 -print0 | cpio -o -0 -H newc -R 0:0 --quiet)
}

# make_base DIR: the tools
make_base() {
	local dir=$1 link lib files
	mkdir -p "$dir"/{usr/bin,usr/sbin,usr/lib,usr/lib64,dev,proc,sys,tmp,run,etc,root,scratch,out,var/tmp}
	for link in bin sbin lib lib64; do
		ln -s "usr/$link" "$dir/$link"
	done
	mapfile -t files < <(image_files | sort -u)
	printf '%s\n' "${files[@]}" | copy_here "$dir"
	libraries_of "${files[@]}" | copy_here "$dir"
	for lib in $image_libraries; do
		ldconfig -p | awk -v lib="$lib" '$1 == lib && /x86-64/ && !found++ { print $NF }'
	done | copy_here "$dir"
	echo 'root:x:0:0:root:/root:/bin/bash' >"$dir/etc/passwd"
	echo 'nobody:x:65534:65534:nobody:/:/bin/false' >>"$dir/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$dir/etc/group"
	echo '127.0.0.1 localhost lab' >"$dir/etc/hosts"
	cp /etc/mke2fs.conf "$dir/etc/" 2>/dev/null || true
}

# ensure_base: $image_cache/base.cpio fits this machine's packages
ensure_base() {
	local identity made
	mkdir -p "$image_cache"
	identity=$(image_identity)
	exec 7>"$image_cache/.lock"
	flock -w 300 7 || die "another scripts/lab has been making the guest's tools for 5 minutes; see $image_cache"
	if [ ! -s "$image_cache/base.cpio" ] || [ "$(cat "$image_cache/base.id" 2>/dev/null)" != "$identity" ]; then
		rm -rf "$image_cache"/.making.*
		made=$(mktemp -d "$image_cache/.making.XXXXXX")
		make_base "$made/root"
		pack "$made/root" >"$made/base.cpio" || die "cannot pack the guest's tools into $image_cache: is the disk full?"
		mv "$made/base.cpio" "$image_cache/base.cpio"
		printf '%s\n' "$identity" >"$image_cache/base.id"
		rm -rf "$made"
	fi
	exec 7>&-
}

# make_build DIR: engine, sqbench, tests and jobs, where they are on this machine; the engine also where fio looks
make_build() {
	local dir=$1 build=build/release lib
	# awk reads to the end: ldconfig would die of SIGPIPE now and then
	lib=$(ldconfig -p | awk '/libc\.so\.6/ && /x86-64/ && !found++ { sub(/\/[^\/]*$/, "", $NF); print $NF }')
	mkdir -p "$dir$root" "$dir/usr${lib#/usr}"
	(cd "$root" && find tests jobs scripts -type f -print0 | cpio -p -0 -d --quiet "$dir$root")
	(cd "$root" && find $build/engine $build/bench $build/tests -maxdepth 2 \
		\( -name sqpoll -o -type f \( -name '*.so' -o -perm -100 \) \) -print0 2>/dev/null |
		cpio -p -0 -d --quiet "$dir$root")
	[ -e "$root/$build/engine/fio-sqpoll.so" ] ||
		die "no engine in $build/engine; build it: cmake --preset release && cmake --build --preset release"
	cp "$root/$build/engine/fio-sqpoll.so" "$dir/usr${lib#/usr}/sqpoll"
	libraries_of "$root/$build/engine/fio-sqpoll.so" "$root/$build/bench/sqbench" | copy_here "$dir"
}

# make_initrd DIR KERNEL_DIR: DIR/initrd, of the tools, the modules, the build and whatever is in DIR/extra
make_initrd() {
	local dir=$1
	ensure_base
	make_build "$dir/build"
	mkdir -p "$dir/extra"
	[ -z "$2" ] || [ ! -d "$2/lib" ] || { mkdir -p "$dir/modules/usr" && cp -a "$2/lib" "$dir/modules/usr/"; }
	install -m 755 "$root/scripts/lib/lab-init" "$dir/extra/init"
	{ cat "$image_cache/base.cpio"; pack "$dir/build"; [ ! -d "$dir/modules" ] || pack "$dir/modules"; pack "$dir/extra"; } \
		>"$dir/initrd" || die "cannot write $dir/initrd: is the disk full?"
	rm -rf "$dir/build" "$dir/modules"
}
