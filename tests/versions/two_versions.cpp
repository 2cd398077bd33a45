// Two libraries in one process, each with a carpool of its own, whose structures differ: at the same time, each does
// all of its work.
#include "use_pool.hpp"

#include <cstdio>
#include <future>

namespace {

constexpr int callers = 4, times = 1000;

bool is_right(const char* which, const UseOfPool& use) {
  const bool right = use.uses == callers * times && use.refusal.starts_with("carpool 'mine': no connection within");
  if (!right) std::printf("%s: %d uses, and '%s'\n", which, use.uses, use.refusal.c_str());
  return right;
}

}  // namespace

int main() {
  auto another = std::async(std::launch::async, [] { return use_pool_of_another_version(callers, times); });
  const UseOfPool ours = use_pool_of_this_version(callers, times), theirs = another.get();
  if (ours.size_of_options == theirs.size_of_options) {
    std::puts("The two versions are one: their options have the same size");
    return 1;
  }
  const bool first = is_right("this version", ours), second = is_right("another version", theirs);
  return first && second ? 0 : 1;
}
