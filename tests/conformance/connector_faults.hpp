/// What every connector makes of a server or a network that fails, on every backend: the right error in time, nothing
/// leaked, nobody's answer astray, and a pool that works again as soon as its server does.
///
/// A Scene is one of ConnectorConformance's, and has moreover
///   ChaosProxy& proxy();                     between the connectors and the server
///   void exchange(Connection&, TimePoint);   throws AnothersAnswer where that is what came
///   static constexpr std::size_t stride;     every so many bytes a conversation is cut: 1, or more where it is long
///   static constexpr std::size_t slack;      by so many bytes the length of a conversation varies
#pragma once

#include <carpool/connection_pool.hpp>
#include <carpool/connector_calls.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/recognised.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "behaviour.hpp"
#include "chaos_proxy.hpp"
#include "connector_scenes.hpp"
#include "eventually.hpp"
#include "process.hpp"
#include "thrown.hpp"

template <class Scene>
class ConnectorFaults : public testing::Test {
 protected:
  using Backend = typename Scene::Backend;
  using Connector = decltype(std::declval<Scene&>().connector());
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, Connector>;
  using Calls = carpool::detail::ConnectorCalls<Connector, Backend>;
  static constexpr bool knows_its_step = carpool::recognised<Connector, Backend>().in_step;

  static carpool::TimePoint in(carpool::Duration time) { return Backend::now() + time; }
  auto connect() { return scene_.connector().template connect<Backend>(patiently<Backend>()); }
  ChaosProxy& proxy() { return scene_.proxy(); }
  auto pool(std::size_t size) {
    return std::make_unique<Pool>(scene_.connector(), carpool::PoolOptions{.max_size = size,
                                                                           .acquire_timeout = std::chrono::seconds(5),
                                                                           .connect_attempts = 1,
                                                                           .connect_backoff = short_backoff});
  }

  void converse() {
    auto connection = connect();
    scene_.exchange(connection, patiently<Backend>());
  }
  /// The code of the error that an exchange ends in.
  template <class Connection>
  std::error_code failure_of(Connection& connection, carpool::TimePoint deadline) {
    const auto error = thrown<std::system_error>([&] { scene_.exchange(connection, deadline); });
    return error ? error->code() : std::error_code();
  }
  bool works(Pool& pool) {
    try {
      pool.with_connection([&](auto& connection) { scene_.exchange(connection, patiently<Backend>()); });
      return true;
    } catch (const std::runtime_error&) {  // the stream, or the pool; AnothersAnswer is none
      return false;
    }
  }
  /// An exchange under a plain lease, and then the caller's own exception.
  void exchange_and_throw(Pool& pool) {
    auto lease = pool.acquire();
    scene_.exchange(*lease, patiently<Backend>());
    throw std::domain_error("mine");
  }
  bool works_soon(Pool& pool) {
    return eventually<Backend>([&] { return works(pool); });
  }

  /// For so long the network does one bad thing after the other, and then none.
  void storm() {
    for (int i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(8));
      if (i % 4 == 0) proxy().reset_all();
      if (i % 4 == 1) proxy().close_all();
      if (i % 4 == 2) proxy().delay(std::chrono::milliseconds(i % 3));
      if (i % 4 == 3) proxy().trickle(i % 8 == 3);
    }
    proxy().trickle(false), proxy().delay(std::chrono::milliseconds(0));
  }

  Scene scene_;
};
TYPED_TEST_SUITE_P(ConnectorFaults);

TYPED_TEST_P(ConnectorFaults, AConversationThatIsCutAtAnyByteIsAnErrorAndLeavesNothingBehind) {
  const auto all_closed = [this] { return this->scene_.open() == 0; };
  this->converse();  // what is learnt once, as a session of TLS's, has been
  ASSERT_TRUE(eventually<typename TypeParam::Backend>(all_closed));
  const std::size_t before = this->proxy().answered();
  this->converse();
  ASSERT_TRUE(eventually<typename TypeParam::Backend>(all_closed));
  const std::size_t length = this->proxy().answered() - before - TypeParam::slack;
  const std::size_t descriptors = open_descriptors();
  for (std::size_t offset = 0; offset < length; offset += TypeParam::stride) {
    this->proxy().cut_after(offset);
    EXPECT_THROW(this->converse(), std::runtime_error) << "after " << offset << " of " << length << " bytes";
  }
  this->proxy().cut_after({});
  EXPECT_TRUE(eventually<typename TypeParam::Backend>(all_closed));
  EXPECT_TRUE(eventually<typename TypeParam::Backend>([&] { return open_descriptors() == descriptors; }));
  this->converse();
}

TYPED_TEST_P(ConnectorFaults, AnAnswerByteByByteIsTheSameAnswer) {
  const auto connector = this->scene_.connector();
  this->proxy().trickle(true);
  auto connection = this->connect();
  for (int i = 0; i < 3; ++i) {
    this->scene_.exchange(connection, patiently<typename TypeParam::Backend>());
    EXPECT_TRUE(TestFixture::Calls::reusable(connector, connection));
  }
}

TYPED_TEST_P(ConnectorFaults, AFrozenServerIsLeftInTimeAndItsLateAnswerReachesNobody) {
  const auto connector = this->scene_.connector();
  const auto pool = this->pool(1);
  ASSERT_TRUE(this->works(*pool));
  this->proxy().hold(true);
  {
    auto lease = pool->acquire();
    const carpool::TimePoint deadline = this->in(std::chrono::milliseconds(50));
    EXPECT_EQ(this->failure_of(*lease, deadline), std::errc::timed_out);
    EXPECT_GE(TypeParam::Backend::now(), deadline);
    EXPECT_LT(TypeParam::Backend::now(), deadline + std::chrono::seconds(2));
    EXPECT_FALSE(TestFixture::Calls::reusable(connector, *lease));
  }
  this->proxy().hold(false);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(this->works_soon(*pool));
  EXPECT_GE(pool->stats().created, 2U);
}

TYPED_TEST_P(ConnectorFaults, AnExceptionOverALeaseCostsAConnectionOnlyWhereItsProtocolIsNotInStep) {
  const auto pool = this->pool(1);
  for (int i = 0; i < 5; ++i) EXPECT_THROW(this->exchange_and_throw(*pool), std::domain_error);
  EXPECT_EQ(pool->stats().created, TestFixture::knows_its_step ? 1U : 5U);

  const auto leave_half_way = [&] {  // the server's answer comes when the lease has ended
    auto lease = pool->acquire();
    this->proxy().hold(true);
    this->scene_.exchange(*lease, this->in(std::chrono::milliseconds(50)));
  };
  EXPECT_EQ(thrown<std::system_error>(leave_half_way)->code(), std::errc::timed_out);
  EXPECT_EQ(pool->stats().idle, 0U);
  this->proxy().hold(false);
  EXPECT_TRUE(this->works_soon(*pool));
}

TYPED_TEST_P(ConnectorFaults, AResetWhileAnAnswerIsAwaitedIsAnErrorAtOnce) {
  const auto connector = this->scene_.connector();
  auto connection = this->connect();
  this->scene_.exchange(connection, patiently<typename TypeParam::Backend>());
  this->proxy().hold(true);
  std::thread killer([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // it has most likely been asked; it fails either way
    this->proxy().reset_all();
  });
  const std::error_code code = this->failure_of(connection, patiently<typename TypeParam::Backend>());
  killer.join();
  EXPECT_TRUE(code && code != std::errc::timed_out) << code.message();
  EXPECT_FALSE(TestFixture::Calls::reusable(connector, connection));
  this->proxy().hold(false);
  this->converse();
}

TYPED_TEST_P(ConnectorFaults, AServerThatIsBackServesThePoolAgain) {
  const auto pool = this->pool(2);
  for (int outage = 0; outage < 2; ++outage) {
    ASSERT_TRUE(this->works_soon(*pool));
    this->proxy().refuse(true), this->proxy().close_all();
    EXPECT_TRUE(eventually<typename TypeParam::Backend>([&] { return !this->works(*pool); }));
    EXPECT_THROW((void)pool->acquire_for(std::chrono::milliseconds(200)), carpool::PoolError);
    this->proxy().refuse(false);
  }
  EXPECT_TRUE(this->works_soon(*pool));
  EXPECT_EQ(pool->stats().in_use, 0U);
}

TYPED_TEST_P(ConnectorFaults, OneThatEndedWhileIdleIsNotHandedOut) {
  const auto connector = this->scene_.connector();
  const auto pool = this->pool(2);
  for (const bool reset : {false, true}) {
    auto elder = this->connect();  // the kernel ends them one by one, in an order of its own
    ASSERT_TRUE(this->works(*pool));
    auto younger = this->connect();
    reset ? this->proxy().reset_all() : this->proxy().close_all();
    ASSERT_TRUE(eventually<typename TypeParam::Backend>([&] {
      return !TestFixture::Calls::is_connected(connector, elder) &&
             !TestFixture::Calls::is_connected(connector, younger);
    }));
    EXPECT_TRUE(this->works(*pool));
    pool->clear();
  }
}

TYPED_TEST_P(ConnectorFaults, InAStormEveryAnswerIsTheAskersOwn) {
  const auto pool = this->pool(4);
  ASSERT_TRUE(this->works(*pool));
  std::atomic<bool> over = false;
  std::atomic<int> right = 0, wrong = 0;
  std::thread bad_weather([&] { this->storm(), over = true; });
  const auto work = [&] {
    while (!over) {
      try {
        right += this->works(*pool) ? 1 : 0;
      } catch (const AnothersAnswer&) {
        ++wrong;
      }
      TypeParam::Backend::sleep_until(this->in(std::chrono::microseconds(500)));
    }
  };
  {
    std::vector<typename TypeParam::Backend::Task> workers;
    for (int i = 0; i < 8; ++i) workers.push_back(TypeParam::Backend::spawn(work));
  }
  bad_weather.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(right, 0);
  EXPECT_TRUE(this->works_soon(*pool));
  EXPECT_EQ(pool->stats().in_use, 0U);
}

REGISTER_TYPED_TEST_SUITE_P(ConnectorFaults, AConversationThatIsCutAtAnyByteIsAnErrorAndLeavesNothingBehind,
                            AnAnswerByteByByteIsTheSameAnswer,
                            AnExceptionOverALeaseCostsAConnectionOnlyWhereItsProtocolIsNotInStep,
                            AFrozenServerIsLeftInTimeAndItsLateAnswerReachesNobody,
                            AResetWhileAnAnswerIsAwaitedIsAnErrorAtOnce, AServerThatIsBackServesThePoolAgain,
                            OneThatEndedWhileIdleIsNotHandedOut, InAStormEveryAnswerIsTheAskersOwn);
