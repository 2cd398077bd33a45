/// The backends on which everything that does I/O is tested: those whose library is here.
#pragma once

#include "sanitizer.hpp"

#include <carpool/single_backend.hpp>
#include <carpool/thread_backend.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

// Boost's binaries are built for libstdc++: with libc++ there is nothing to link.
#if __has_include(<boost/thread/thread.hpp>) && !defined(_LIBCPP_VERSION)
#include <carpool/boost_thread_backend.hpp>
#define CARPOOL_TEST_BOOST_THREAD , carpool::BoostThreadBackend
#else
#define CARPOOL_TEST_BOOST_THREAD
#endif

// ThreadSanitizer takes a switch of stacks for a race.
#if __has_include(<boost/fiber/fiber.hpp>) && !CARPOOL_THREAD_SANITIZER && !defined(_LIBCPP_VERSION)
#include <carpool/fiber_backend.hpp>
#define CARPOOL_TEST_FIBER , carpool::FiberBackend
#else
#define CARPOOL_TEST_FIBER
#endif

/// For TYPED_TEST_SUITE(Suite, IoBackends, BackendName): threads and fibers, which between them show what one source
/// does on any backend.
#if CARPOOL_THREAD_SANITIZER
using IoBackends = testing::Types<carpool::ThreadBackend CARPOOL_TEST_BOOST_THREAD>;
#else
using IoBackends = testing::Types<carpool::ThreadBackend CARPOOL_TEST_FIBER>;
#endif

/// For conformance suites. g++ without a sanitizer tries all four.
#if defined(__clang__)
using AllIoBackends = IoBackends;
#else
using AllIoBackends =
    testing::Types<carpool::SingleBackend, carpool::ThreadBackend CARPOOL_TEST_BOOST_THREAD CARPOOL_TEST_FIBER>;
#endif

/// "ThreadBackend": the last name in the instance's type that ends so.
struct BackendName {
  template <class T>
  static std::string GetName(int) {
    constexpr std::string_view function = __PRETTY_FUNCTION__;
    constexpr std::string_view suffix = "Backend";
    constexpr std::size_t end = function.rfind(suffix) + suffix.size();
    constexpr std::size_t begin = function.find_last_of(": ", end - 1) + 1;
    return std::string(function.substr(begin, end - begin));
  }
};
