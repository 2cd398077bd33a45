// needs: asio thread_backend
// sanitizers: none
/// Law 11 where nobody sleeps: what is ready, and who gives back to a caller that waits, allocate nothing.

// Asio's blocks come from operator new then, which counts them and lets them fail; else from std::aligned_alloc.
#define BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC
#define BOOST_ASIO_DISABLE_BOOST_ALIGN

#include <carpool/asio_acquire.hpp>
#include <carpool/asio_close.hpp>
#include <carpool/awaitable.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "allocation_faults.hpp"
#include "detached_coroutine.hpp"
#include "queue_executor.hpp"

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): a test

namespace {

namespace asio = boost::asio;
using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::FakeConnector>;
using carpool::SourceLocation;

constexpr int cycles = 100;

/// Of this thread, within call().
template <class Call>
[[nodiscard]] std::size_t allocations_of(Call call) {
  const std::size_t before = allocation_faults::made_here;
  call();
  return allocation_faults::made_here - before;
}

class AsioAllocations : public testing::Test {
 protected:
  AsioAllocations() { pool.acquire().release(); }

  carpool::FakeServer server;
  Pool pool{server.connector(), {.max_size = 1, .handoff_after = 0ms}};
  asio::io_context context{1};
};

struct Caller : Pool::Acquiring {
  explicit Caller(Pool& pool)
      : Acquiring(pool, {}, carpool::never, SourceLocation::current(),
                  [](Acquiring& self) noexcept { ++static_cast<Caller&>(self).resumed; }) {}
  int resumed = 0;
};
TEST_F(AsioAllocations, NoneOnReleaseToOneWhoWaitsWithoutAWorker) {
  for (int i = 0; i < cycles; ++i) {
    auto lease = pool.acquire();
    Caller caller(pool);
    ASSERT_FALSE(caller.begin());
    EXPECT_EQ(allocations_of([&] { lease.release(); }), 0U);
    ASSERT_EQ(caller.resumed, 1);
    EXPECT_EQ(allocations_of([&] {
                if (caller.proceed()) caller.lease().release();
              }),
              0U);
  }
}

DetachedCoroutine acquire_often(Pool& pool, QueueExecutor& executor, std::size_t& made) {
  const std::size_t before = allocation_faults::made_here;
  for (int i = 0; i < cycles; ++i) {
    const auto lease = co_await carpool::acquire_on(pool, executor);
    EXPECT_TRUE(lease);
  }
  made = allocation_faults::made_here - before;
}
TEST_F(AsioAllocations, NoneInAReadyAcquireOn) {
  QueueExecutor executor;
  std::size_t made = 1;
  acquire_often(pool, executor, made);
  EXPECT_EQ(made, 0U);
}

asio::awaitable<void> acquire_often(Pool& pool, std::size_t& made) {
  for (int round = 0; round < 2; ++round) {  // Asio keeps the blocks of the first
    const std::size_t before = allocation_faults::made_here;
    for (int i = 0; i < cycles; ++i) {
      const auto lease = co_await carpool::co_acquire(pool);
      EXPECT_TRUE(lease);
    }
    made = allocation_faults::made_here - before;
  }
}
TEST_F(AsioAllocations, NoneInAReadyCoAcquire) {
  std::size_t made = 1;
  asio::co_spawn(context, acquire_often(pool, made), asio::detached);
  context.run();
  EXPECT_EQ(made, 0U);
}

// By a thread that runs no context, to a handler on the context's own executor.
TEST_F(AsioAllocations, NoneOnReleaseToAHandler) {
  int served = 0;
  for (int i = 0; i < cycles; ++i) {
    auto lease = pool.acquire();
    carpool::async_acquire(pool, asio::bind_executor(context, [&](const std::exception_ptr& error, const auto& given) {
                             EXPECT_EQ(error, nullptr);
                             served += given ? 1 : 0;
                           }));
    EXPECT_EQ(allocations_of([&] { lease.release(); }), 0U);
    context.run();
    context.restart();
  }
  EXPECT_EQ(served, cycles);
}

asio::awaitable<void> take_turns(Pool& pool, int& turns) {
  for (int i = 0; i < cycles; ++i) {
    const auto lease = co_await carpool::async_acquire(pool, asio::use_awaitable);
    ++turns;
  }
}
asio::awaitable<void> give_to_others(Pool& pool, std::size_t& made, int& measured) {
  for (int i = 0; i < cycles; ++i) {
    auto lease = co_await carpool::async_acquire(pool, asio::use_awaitable);
    co_await asio::post(asio::use_awaitable);  // the other waits by now
    const bool waits = pool.stats().waiting == 1;
    const std::size_t before = allocation_faults::made_here;
    lease.release();
    if (!waits || i < cycles / 2) continue;  // Asio keeps the blocks of the first
    made += allocation_faults::made_here - before;
    ++measured;
  }
}
// By a coroutine, to another: the executor is an any_io_executor, whose post takes a block of Asio's.
TEST_F(AsioAllocations, NoneOnReleaseToACoroutine) {
  std::size_t made = 0;
  int turns = 0;
  int measured = 0;
  asio::co_spawn(context, give_to_others(pool, made, measured), asio::detached);
  asio::co_spawn(context, take_turns(pool, turns), asio::detached);
  context.run();
  EXPECT_EQ(turns, cycles);
  EXPECT_GT(measured, cycles / 4);
  EXPECT_EQ(made, 0U);
}

TEST_F(AsioAllocations, NoneOnTheReleaseThatEndsADrain) {
  auto lease = pool.acquire();
  int told = 0;
  carpool::async_drain(pool, 1h, asio::bind_executor(context, [&](const std::exception_ptr&, std::size_t) { ++told; }));
  EXPECT_EQ(allocations_of([&] { lease.release(); }), 0U);
  context.run();
  EXPECT_EQ(told, 1);
}

/// Begins an acquire, or a drain, whose n-th allocation fails. False: it has fewer.
template <class Begin>
[[nodiscard]] bool begins_without_memory(long n, asio::io_context& context, Begin begin) {
  asio::cancellation_signal signal;
  int told = 0;
  bool thrown = false;
  const auto count = [&](const std::exception_ptr&, auto&&) { ++told; };
  allocation_faults::fail_after(n);
  try {
    begin(asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(context, count)));
  } catch (const std::bad_alloc&) {
    thrown = true;
  }
  const bool failed = allocation_faults::has_failed();
  if (!thrown) signal.emit(asio::cancellation_type::all);
  context.run();
  context.restart();
  EXPECT_EQ(told, thrown ? 0 : 1) << n;
  return failed;
}
TEST_F(AsioAllocations, ThatFailAtTheBeginningLeaveNothingBehind) {
  const auto lease = pool.acquire();
  const auto acquire = [&](auto token) { carpool::async_acquire(pool, std::move(token)); };
  const auto drain = [&](auto token) { carpool::async_drain(pool, 1h, std::move(token)); };
  for (long n = 1; begins_without_memory(n, context, acquire); ++n) EXPECT_EQ(pool.stats().waiting, 0U) << n;
  for (long n = 1; begins_without_memory(n, context, drain); ++n) continue;
}

TEST_F(AsioAllocations, AreCounted) {
  EXPECT_EQ(allocations_of([] { const std::string text(1'000, 'x'); }), 1U);
}

}  // namespace
