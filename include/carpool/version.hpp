/// Which carpool this is: for the preprocessor, and for a program that prints it.
#pragma once

#include <string_view>

#define CARPOOL_VERSION_MAJOR 0
#define CARPOOL_VERSION_MINOR 1
#define CARPOOL_VERSION_PATCH 0

/// One number that grows with each release: #if CARPOOL_VERSION >= 10203 asks for 1.2.3 or later.
#define CARPOOL_VERSION (CARPOOL_VERSION_MAJOR * 10000 + CARPOOL_VERSION_MINOR * 100 + CARPOOL_VERSION_PATCH)

namespace carpool::inline v0_1 {

/// "major.minor.patch", as in the change log.
inline constexpr std::string_view version = "0.1.0";

}  // namespace carpool::inline v0_1
