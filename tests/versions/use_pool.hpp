// What both users of a pool offer; nothing of carpool's is named.
#pragma once

#include <cstddef>
#include <string>

struct UseOfPool {
  int uses = 0;
  std::string refusal;
  std::size_t size_of_options = 0;
};

UseOfPool use_pool_of_this_version(int callers, int times);
UseOfPool use_pool_of_another_version(int callers, int times);
