/// What an exception that ends a lease, or with_connection, means for a connection: the connector's word, or its end.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <thread>

namespace {

/// Numbers its connections from 1, and can say nothing more of them: a raw byte stream.
struct RawStream {
  struct Connection {
    int number;
    bool answered = true;
    bool answer_kept = false;
  };
  std::shared_ptr<std::atomic<int>> last = std::make_shared<std::atomic<int>>(0);

  [[nodiscard]] Connection connect(carpool::TimePoint) const { return {++*last}; }
  [[nodiscard]] static bool is_connected(const Connection&) noexcept { return true; }
};
struct Protocol : RawStream {
  [[nodiscard]] static bool in_step(const Connection& connection) noexcept { return connection.answered; }
};
/// In step although it may not be used again, and to be reset where an answer was kept.
struct Session : Protocol {
  bool may_be_reused = true;
  [[nodiscard]] bool reusable(const Connection&) const noexcept { return may_be_reused; }
  [[nodiscard]] static bool dirty(const Connection& connection) noexcept { return connection.answer_kept; }
  [[nodiscard]] static bool reset(Connection& connection, carpool::TimePoint) {
    connection.answer_kept = false;
    return true;
  }
};

/// Asks its own state.
struct Judge : RawStream {
  std::shared_ptr<std::atomic<int>> asked = std::make_shared<std::atomic<int>>(0);
  [[nodiscard]] carpool::Verdict handle_exception(Connection&, const std::exception_ptr&) const {
    ++*asked;
    return carpool::Verdict::keep;
  }
};

template <class Connector, class Backend = carpool::SingleBackend>
using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, Connector>;

template <class P, class Use>
void throw_over_a_lease(P& pool, Use use) {
  try {
    auto lease = pool.acquire();
    use(*lease);
    throw std::domain_error("mine");
  } catch (const std::domain_error&) {  // the lease has ended before
  }
}
template <class P, class Use>
void throw_in_with_connection(P& pool, Use use) {
  const auto work = [&](auto& connection) {
    use(connection);
    throw std::domain_error("mine");
  };
  EXPECT_THROW(pool.with_connection(work), std::domain_error);
}
constexpr auto ask_and_read = [](RawStream::Connection&) {};
constexpr auto ask_alone = [](RawStream::Connection& connection) { connection.answered = false; };

TEST(ThrowingLease, ClosesWhatCannotSayWhetherItIsInStep) {
  Pool<RawStream> pool(RawStream{});
  throw_over_a_lease(pool, ask_and_read);
  throw_in_with_connection(pool, ask_and_read);
  EXPECT_EQ(pool.acquire()->number, 3);
}

TEST(ThrowingLease, KeepsWhatIsInStepAndClosesWhatIsNot) {
  Pool<Protocol> pool(Protocol{});
  for (int i = 0; i < 100; ++i) throw_over_a_lease(pool, ask_and_read);
  EXPECT_EQ(pool.acquire()->number, 1);
  throw_over_a_lease(pool, ask_alone);
  EXPECT_EQ(pool.acquire()->number, 2);
  EXPECT_EQ(pool.stats().closed_for(carpool::CloseReason::discarded), 1U);
}

TEST(ThrowingLease, IsJudgedTheSameWithinWithConnectionWhereNothingElseJudges) {
  Pool<Protocol> pool(Protocol{});
  throw_in_with_connection(pool, ask_and_read);
  EXPECT_EQ(pool.acquire()->number, 1);
  throw_in_with_connection(pool, ask_alone);
  EXPECT_EQ(pool.acquire()->number, 2);
}

TEST(ThrowingLease, AfterwardsReusableDecidesAsOnAnyReturn) {
  Session connector;
  connector.may_be_reused = false;
  Pool<Session> pool(connector);
  throw_over_a_lease(pool, ask_and_read);
  EXPECT_EQ(pool.acquire()->number, 2);
  EXPECT_EQ(pool.stats().closed_for(carpool::CloseReason::dead), 2U);
}

TEST(ThrowingLease, AfterwardsADirtyConnectionIsReset) {
  Pool<Session> pool(Session{});
  throw_over_a_lease(pool, [](auto& connection) { connection.answer_kept = true; });
  const auto lease = pool.acquire();
  EXPECT_EQ(lease->number, 1);
  EXPECT_FALSE(lease->answer_kept);
}

// Its destructor may run in another thread while the callable does, because leases may outlive their pool. Here it has
// ended before the callable throws, and nothing that could be mistaken for a pool is left where it was.
TEST(ThrowingLease, WithConnectionNeedsThePoolNoMoreOnceItHasTheLease) {
  using Doomed = Pool<Judge, carpool::ThreadBackend>;
  const Judge connector;
  alignas(Doomed) std::array<std::byte, sizeof(Doomed)> room{};
  auto* const pool = new (room.data()) Doomed(connector);
  const auto outlive = [&](RawStream::Connection& connection) {
    std::thread([&] {
      pool->~Doomed();
      std::memset(room.data(), 0, room.size());
    }).join();
    EXPECT_EQ(connection.number, 1);
    throw std::domain_error("mine");
  };
  EXPECT_THROW(pool->with_connection(outlive), std::domain_error);
}

}  // namespace
