/// A program that does nothing but acquire and release, so often that its instructions can be counted.
#pragma once

#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>

namespace carpool::bench {

/// Not inline: so that what the compiler makes of one pool's cycle does not hang on which others are in the program.
template <class Pool>
[[gnu::noinline]] void cycle(Pool& pool, long cycles) {
  for (long i = 0; i < cycles; ++i) {
    auto lease = pool.acquire();
    asm volatile("" : : "r"(&*lease) : "memory");
  }
}

using Rows = std::map<std::string, std::function<void(long cycles)>>;

/// program <row> <cycles>; without arguments it lists the rows.
inline int run_row(const Rows& rows, int count, char** arguments) {
  if (count == 1) {
    for (const auto& [name, run] : rows) std::cout << name << '\n';
    return 0;
  }
  const auto row = rows.find(arguments[1]);
  if (count != 3 || row == rows.end()) {
    std::cerr << "usage: " << arguments[0] << " [<row> <cycles>]\n";
    return 2;
  }
  row->second(std::strtol(arguments[2], nullptr, 10));
  return 0;
}

}  // namespace carpool::bench
