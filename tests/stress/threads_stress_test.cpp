/// Eight threads, four connections, a million cycles, with discards, deaths, time-outs, exceptions and failing connects
/// among them: no connection has two owners, none is lost, and there are never more than four.
#include <carpool/affine_bag.hpp>
#include <carpool/connection_pool.hpp>
#include <carpool/evictions.hpp>
#include <carpool/fifo_queue.hpp>
#include <carpool/lifetime_queue.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "behaviour.hpp"
#include "eventually.hpp"
#include "process.hpp"
#include "stress.hpp"

namespace {

using namespace std::chrono_literals;
using carpool::ThreadBackend;

constexpr std::size_t threads = 8;
constexpr std::size_t connections = 4;

/// What is known of all connections together; every thread writes it.
struct World {
  std::atomic<std::size_t> open = 0, peak = 0, dials = 0, second_owners = 0;
};

/// Knows whether it has two owners, and keeps a descriptor open while it lives.
class Guarded {
 public:
  explicit Guarded(World& world) : world_(&world), facts_(std::make_unique<Facts>()) {
    const std::size_t now = ++world.open;
    for (std::size_t peak = world.peak; now > peak && !world.peak.compare_exchange_weak(peak, now);) continue;
  }
  Guarded(Guarded&& other) noexcept : world_(std::exchange(other.world_, nullptr)), facts_(std::move(other.facts_)) {}
  Guarded& operator=(Guarded&& other) noexcept {
    std::swap(world_, other.world_);
    std::swap(facts_, other.facts_);
    return *this;
  }
  ~Guarded() {
    if (world_ == nullptr) return;
    ::close(facts_->descriptor);
    --world_->open;
  }

  void use() {
    if (facts_->owners.fetch_add(1) != 0) ++world_->second_owners;
    ++facts_->uses;  // a plain number: ThreadSanitizer sees a second owner here too
    facts_->owners.fetch_sub(1);
  }
  void die() { facts_->alive = false; }
  [[nodiscard]] bool alive() const noexcept { return facts_->alive; }

 private:
  struct Facts {
    std::atomic<int> owners = 0;
    std::uint64_t uses = 0;
    bool alive = true;
    int descriptor = ::dup(STDERR_FILENO);
  };
  World* world_;
  std::unique_ptr<Facts> facts_;
};

/// Refuses each seventh connect.
struct Moody {
  using Connection = Guarded;
  World* world;

  Guarded connect(carpool::TimePoint) const {
    if (++world->dials % 7 == 0) throw std::runtime_error("not in the mood");
    return Guarded(*world);
  }
  bool is_connected(const Guarded& connection) const noexcept { return connection.alive(); }
};

template <class Queue>
class ThreadsStress : public testing::Test {
 protected:
  using Pool = carpool::ConnectionPool<ThreadBackend, Queue, Moody, carpool::MaxUses>;

  /// One of a worker's cycles; the last digits of a random number say which kind.
  void cycle(std::uint64_t kind) {
    try {
      if (kind % 100 == 0) return pool->acquire().discard();
      if (kind % 100 == 1) return pool->acquire()->die();
      if (kind % 20 == 2) return pool->acquire_for(5us)->use();
      if (kind % 100 == 3) return use_if_ready();
      if (kind % 100 == 4) return pool->with_connection([](Guarded&) { throw std::logic_error("mine"); });
      if (kind % 100 == 5) return dawdle();
      pool->acquire()->use();
    } catch (const carpool::PoolError&) {
      ++told;                            // too late, or the server is down
    } catch (const std::logic_error&) {  // mine
    }
  }

  /// The pool's owner does what owners do, and looks at stats().
  void administrate() {
    while (!over) {
      EXPECT_LE(pool->stats().size(), connections);
      pool->reap();
      pool->resize(connections - 1);
      pool->resize(connections);
      pool->retire_all();
      ThreadBackend::sleep_until(ThreadBackend::now() + 1ms);
    }
  }

  World world;
  std::atomic<std::size_t> told = 0;
  std::atomic<bool> over = false;
  std::unique_ptr<Pool> pool = std::make_unique<Pool>(
      Moody{&world}, carpool::PoolOptions{.max_size = connections, .connect_backoff = {.initial = 10us, .max = 100us}},
      carpool::MaxUses(1000));

 private:
  /// Keeps others waiting.
  void dawdle() {
    const auto lease = pool->acquire();
    ThreadBackend::sleep_until(ThreadBackend::now() + 20us);
    lease->use();
  }
  void use_if_ready() {
    if (auto lease = pool->try_acquire()) (*lease)->use();
  }
};

using Queues = testing::Types<carpool::LifoStack, carpool::FifoQueue, carpool::LifetimeQueue, carpool::AffineBag>;

struct QueueName {
  template <class Queue>
  static std::string GetName(int) {
    if (std::is_same_v<Queue, carpool::LifoStack>) return "LifoStack";
    if (std::is_same_v<Queue, carpool::FifoQueue>) return "FifoQueue";
    return std::is_same_v<Queue, carpool::AffineBag> ? "AffineBag" : "LifetimeQueue";
  }
};
TYPED_TEST_SUITE(ThreadsStress, Queues, QueueName);

TYPED_TEST(ThreadsStress, LosesNothingAndLendsNothingTwice) {
  const std::size_t descriptors = open_descriptors();
  {
    std::thread owner([&] { this->administrate(); });
    const std::uint64_t cycles = stress_cycles(1'000'000) / threads;
    std::vector<std::thread> workers;
    for (std::size_t i = 0; i < threads; ++i)
      workers.emplace_back([&] {
        for (std::uint64_t n = 0; n < cycles; ++n) this->cycle(ThreadBackend::random());
      });
    for (auto& worker : workers) worker.join();
    this->over = true;
    owner.join();
  }
  EXPECT_EQ(this->world.second_owners, 0u);
  EXPECT_LE(this->world.peak, connections);
  EXPECT_GT(this->told, 0u);
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return this->pool->stats().size() == this->pool->stats().idle; }));
  EXPECT_EQ(this->pool->stats().idle, this->world.open);
  EXPECT_TRUE(eventually<ThreadBackend>([&] { return this->pool->prewarm(connections, 1s) == connections; }));
  this->pool.reset();
  EXPECT_EQ(this->world.open, 0u);
  EXPECT_EQ(open_descriptors(), descriptors);
}

}  // namespace
