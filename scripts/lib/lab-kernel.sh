# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # what it reads is set by scripts/lab
#
# The kernels of the lab: fetched by apt with its signature checks, kept below build/deps/kernels/NAME as
#   vmlinuz   release   package   hz   lib/modules/RELEASE/ (the modules below, uncompressed; none for one's own kernel)
# A directory that is there is whole: it appears by one rename. Needs say.sh and apt.sh.

kernels=$root/build/deps/kernels
EX_SKIP=77

# name, suites (the first that has it), pattern of the package, the newest version of which is taken
lab_kernels='
5.10 bullseye                   linux-image-5[.]10[.]0-[0-9]+-cloud-amd64
6.1  bookworm                   linux-image-6[.]1[.]0-[0-9]+-cloud-amd64
6.12 trixie,bookworm-backports  linux-image-6[.]12[.][0-9]+[+][a-z0-9+.]*-cloud-amd64
7.2  sid                        linux-binary-7[.]2[.][0-9]+[+][a-z0-9+.]*-cloud-amd64
'

# With what they depend on; those that a kernel has built in, or has not at all, are passed over.
lab_modules='null_blk dm-flakey dm-delay dm-mod scsi_debug sd_mod loop xfs'

# lab_kernel_row NAME: "suites pattern"
lab_kernel_row() {
	awk -v name="$1" '$1 == name { print $2, $3; found = 1 } END { exit !found }' <<<"$lab_kernels"
}

# fresh_suite DIR SUITE: its lists are kept for a day
fresh_suite() {
	[ -z "$(find "$1/updated" -mtime -1 2>/dev/null)" ] || return 0
	private_suite "$1" "$2" && touch "$1/updated"
}

# newest_package DIR PATTERN: its name
newest_package() {
	private_apt "$1" apt-cache pkgnames linux- | grep -Ex -- "$2" | sort -V | tail -n 1
}

# download DIR PACKAGE: unpacked into DIR/tree
download() {
	private_download "$apt" "$2" "$1/debs" || die -$? "$why"
	dpkg-deb -x "$1"/debs/"$2"_*.deb "$1/tree" || die "cannot unpack $2"
}

# keep_modules TREE RELEASE DEST: those of lab_modules and what they need, uncompressed, with a modprobe index
keep_modules() {
	local from=$1/lib/modules/$2 to=$3/lib/modules/$2 file
	[ -d "$from" ] || from=$1/usr/lib/modules/$2
	mkdir -p "$to"
	cp "$from"/modules.order "$from"/modules.builtin* "$to/" 2>/dev/null || true	# newer packages leave them out
	/sbin/depmod -b "${from%/lib/modules/*}" "$2" 2>/dev/null || die "depmod failed on the modules of $2"
	awk -v wanted="$lab_modules" '
		BEGIN { n = split(wanted, name, " ") }
		{ path = $1; sub(/:$/, "", path); base = path; sub(/.*\//, "", base); sub(/\.ko.*/, "", base); $1 = ""; needs[path] = $0; at[base] = path }
		END { for (i = 1; i <= n; i++) if (name[i] in at) { print at[name[i]]; print needs[at[name[i]]] } }' \
		"$from/modules.dep" | tr ' ' '\n' | sort -u | grep . |
		while read -r file; do
			mkdir -p "$to/${file%/*}"
			case $file in
			*.xz) xz -dc "$from/$file" >"$to/${file%.xz}" ;;
			*.zst) zstd -qdc "$from/$file" >"$to/${file%.zst}" ;;
			*) cp "$from/$file" "$to/$file" ;;
			esac || die "cannot unpack the module $file"
		done
	/sbin/depmod -b "$3" "$2" 2>/dev/null || die "depmod failed on the modules of $2"
}

# fetch_kernel NAME SUITES PATTERN
fetch_kernel() {
	local name=$1 suite package='' apt made release why='' network=''
	mkdir -p "$kernels"
	for suite in ${2//,/ }; do
		apt=$root/build/deps/apt-$suite
		fresh_suite "$apt" "$suite" || { [ $? -eq "$EX_SKIP" ] || network=$why; continue; }
		package=$(newest_package "$apt" "$3") || true
		[ -z "$package" ] || break
	done
	[ -n "$package" ] || [ -z "$network" ] || die "$network"
	[ -n "$package" ] || die -"$EX_SKIP" "the mirror lacks Linux $name (a package named $3 in ${2//,/ or })"
	rm -rf "$kernels"/.fetching.*
	made=$(mktemp -d "$kernels/.fetching.XXXXXX")
	mkdir "$made/debs" "$made/tree" "$made/kept"
	note "fetching $package of $suite"
	download "$made" "$package"
	# image and modules come apart in newer suites
	case $package in linux-binary-*) download "$made" "${package/binary/modules}" ;; esac
	release=${package#linux-*-}
	cp "$made"/tree/boot/vmlinuz-"$release" "$made/kept/vmlinuz" 2>/dev/null ||
		cp "$made"/tree/usr/lib/modules/"$release"/vmlinuz "$made/kept/vmlinuz" 2>/dev/null ||
		die -"$EX_SKIP" "$package has no kernel image where one was expected"
	keep_modules "$made/tree" "$release" "$made/kept"
	printf '%s\n' "$release" >"$made/kept/release"
	cat "$made"/tree/boot/config-"$release" "$made"/tree/usr/lib/modules/"$release"/config 2>/dev/null |
		sed -n 's/^CONFIG_HZ=//p' | head -n 1 >"$made/kept/hz"
	printf '%s\n' "$made"/debs/linux-*.deb | sed -n '1s/.*\///p' >"$made/kept/package"
	rm -rf "${kernels:?}/$name"
	mv -T "$made/kept" "$kernels/$name"
	rm -rf "$made"
}

# ensure_kernel NAME: $kernel_dir has it afterwards; NAME is one of the table or one that `lab build` made
ensure_kernel() {
	local row
	kernel_dir=$kernels/$1
	[ ! -s "$kernel_dir/vmlinuz" ] || return 0
	row=$(lab_kernel_row "$1") ||
		die -2 "no kernel is called $1; scripts/lab list shows them, and a path to a bzImage is one too"
	mkdir -p "$kernels"
	exec 8>"$kernels/.lock"
	flock -w 600 8 || die "another scripts/lab has been fetching a kernel for 10 minutes; see $kernels"
	[ -s "$kernel_dir/vmlinuz" ] || (fetch_kernel "$1" "${row% *}" "${row#* }") || exit $?
	exec 8>&-
}

# list_kernels: a line each
list_kernels() {
	local name suites dir state
	printf '%-14s %-28s %s\n' KERNEL RELEASE STATE
	printf '%-14s %-28s %s\n' 5.10-uml 5.10.46 "$([ -x "$root/build/deps/uml/linux.uml" ] && echo 'here' || echo 'fetched on first use') (User Mode Linux, the seed's rules, HZ=100)"
	while read -r name suites _; do
		[ -n "$name" ] || continue
		state="fetched on first use (suite ${suites%%,*})"
		[ ! -s "$kernels/$name/vmlinuz" ] || state="here, $(cat "$kernels/$name/package" 2>/dev/null)"
		printf '%-14s %-28s %s%s\n' "$name" "$(cat "$kernels/$name/release" 2>/dev/null || echo -)" "$state" \
			"$(boot_time_of "$kernels/$name")"
	done <<<"$lab_kernels"
	for dir in "$kernels"/*/; do
		name=$(basename "$dir")
		[ -s "$dir/vmlinuz" ] || continue
		! lab_kernel_row "$name" >/dev/null || continue
		printf '%-14s %-28s here, %s%s\n' "$name" "$(cat "$dir/release")" "$(cat "$dir/package")" "$(boot_time_of "${dir%/}")"
	done
}

# boot_time_of DIR: of the last boot
boot_time_of() {
	[ ! -s "$1/boot-seconds" ] || printf '; last boot %s s' "$(cat "$1/boot-seconds")"
}
