/// Fails the test in which more memory was taken meanwhile than an honest server's answer needs.
#pragma once

#include "sanitizer.hpp"

#include <cstddef>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

/// From its constructor to its destructor: what the whole process held at its worst. Memory that was reserved and never
/// touched is found by the peak of its address space. Under a sanitizer, which shadows memory and keeps what was freed,
/// it only says that nothing was measured.
class MemoryBound {
 public:
  MemoryBound() {
    std::ofstream("/proc/self/clear_refs") << 5;  // the peak of what is resident begins anew
    resident_ = kilobytes("VmHWM:"), mapped_ = kilobytes("VmPeak:");
  }
  MemoryBound(const MemoryBound&) = delete;
  MemoryBound& operator=(const MemoryBound&) = delete;
  ~MemoryBound() {
#if CARPOOL_SANITIZED
    testing::Test::RecordProperty("memory", "not measured under a sanitizer");
#else
    EXPECT_LT(kilobytes("VmHWM:") - resident_, std::size_t{64} << 10U) << "KiB more were in use";
    EXPECT_LT(kilobytes("VmPeak:") - mapped_, std::size_t{1} << 20U) << "KiB more were reserved";
#endif
  }

 private:
  static std::size_t kilobytes(const std::string& wanted) {
    std::ifstream status("/proc/self/status");
    for (std::string name; status >> name;) {
      std::size_t size = 0;
      if (name == wanted && status >> size) return size;
    }
    ADD_FAILURE() << "there is no " << wanted;
    return 0;
  }

  std::size_t resident_ = 0, mapped_ = 0;
};
