#!/usr/bin/env bash
# pkg_config.sh <prefix> <compiler> <program> <module>...: builds and runs a program with pkg-config alone.
set -euo pipefail
prefix=$1 compiler=$2 program=$3
shift 3
export PKG_CONFIG_PATH=$prefix/share/pkgconfig
read -ra flags < <(pkg-config --cflags --libs "$@")
"$compiler" -std=c++20 "$program" "${flags[@]}" -o "$prefix-pkg_config"
"$prefix-pkg_config"
