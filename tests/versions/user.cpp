// A library that keeps its pool to itself. It is compiled once against each version of carpool.
#include "use_pool.hpp"

#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <thread>
#include <vector>

namespace {

struct Counting {
  struct Connection {
    int uses = 0;
  };
  Connection connect(carpool::TimePoint /*deadline*/) const { return {}; }
  bool is_connected(const Connection& /*connection*/) const noexcept { return true; }
};

}  // namespace

UseOfPool USE_POOL(int callers, int times) {
  carpool::ConnectionPool<carpool::ThreadBackend, carpool::AffineBag, Counting> pool({},
                                                                                     {.name = "mine", .max_size = 2});
  std::vector<std::thread> threads;
  for (int i = 0; i < callers; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < times; ++turn) ++pool.acquire()->uses;
    });
  }
  for (auto& thread : threads) thread.join();
  UseOfPool use;
  auto first = pool.acquire(), second = pool.acquire();
  use.uses = first->uses + second->uses;
  try {
    auto third = pool.acquire_for(std::chrono::milliseconds(1));
  } catch (const carpool::AcquireTimeout& error) {
    use.refusal = error.what();
  }
  use.size_of_options = sizeof(carpool::PoolOptions);
  return use;
}
