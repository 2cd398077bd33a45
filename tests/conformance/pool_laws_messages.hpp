/// Laws of messages: what an error tells, and of whom.
#pragma once

#include "pool_laws_fixture.hpp"

TYPED_TEST_P(PoolLaws, TheNameOfThePoolStandsInEveryMessage) {
  Pool<TypeParam> pool(this->server.connector(),
                       {.name = "orders", .max_size = 1, .connect_attempts = 1, .connect_backoff = {5s, 5s}});
  const auto says_its_name = [&](PoolErrc code, Duration timeout = 10s) {
    const auto error = thrown<carpool::PoolError>([&] { return pool.acquire_for(timeout); });
    return error && error->code() == code && contains(error->what(), "'orders'");
  };
  auto lease = pool.acquire();
  EXPECT_TRUE(says_its_name(PoolErrc::acquire_timeout, 100ms));
  lease.discard();
  this->server.next_connects({refuse("down")});
  EXPECT_TRUE(says_its_name(PoolErrc::connect_failed));
  EXPECT_TRUE(says_its_name(PoolErrc::breaker_open));
  pool.close();
  EXPECT_TRUE(says_its_name(PoolErrc::pool_closed));
}

TYPED_TEST_P(PoolLaws, ATimeoutTellsWhoHoldsTheConnections) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2});
  const auto first = pool.acquire();
  const auto first_line = carpool::SourceLocation::current().line() - 1;
  pause<TypeParam>(20ms);
  const auto second = pool.acquire();
  const auto error = thrown<carpool::AcquireTimeout>([&] { return pool.acquire_for(1ms); });
  ASSERT_TRUE(error);
  ASSERT_EQ(error->holders().size(), 2U);
  const auto& oldest = *std::max_element(error->holders().begin(), error->holders().end(),
                                         [](const auto& a, const auto& b) { return a.age < b.age; });
  EXPECT_GE(oldest.age, 10ms);  // by the coarse clock
  EXPECT_EQ(oldest.site.line(), first_line);
  EXPECT_TRUE(contains(oldest.site.file_name(), "pool_laws_messages.hpp"));
  EXPECT_TRUE(contains(error->what(), "pool_laws_messages.hpp:" + std::to_string(first_line))) << error->what();
  EXPECT_TRUE(contains(error->what(), "2 of 2 in use")) << error->what();
  EXPECT_TRUE(contains(error->what(), "1 waiting") || !TypeParam::concurrent) << error->what();
}

TYPED_TEST_P(PoolLaws, WithConnectionPassesItsCallersSourceLocationOn) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1});
  const auto line = carpool::SourceLocation::current().line() + 1;
  pool.with_connection([&](auto&) {
    const auto error = thrown<carpool::AcquireTimeout>([&] { return pool.acquire_for(0ns); });
    ASSERT_TRUE(error);
    ASSERT_EQ(error->holders().size(), 1U);
    EXPECT_EQ(error->holders().front().site.line(), line);
  });
}

TYPED_TEST_P(PoolLaws, ATimeoutTellsTheLastConnectErrorUnlessItIsOver) {
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 2, .connect_attempts = 1, .connect_backoff = {1ms, 1ms}});
  auto lease = pool.acquire();
  this->server.next_connects({refuse("no route to it")});
  EXPECT_EQ(error_of([&] { return pool.acquire(); }), PoolErrc::connect_failed);
  pool.resize(1);
  auto error = thrown<carpool::AcquireTimeout>([&] { return pool.acquire_for(1ms); });
  ASSERT_TRUE(error);
  EXPECT_TRUE(contains(error->what(), "no route to it")) << error->what();
  lease.discard();
  pause<TypeParam>(2ms);
  lease = pool.acquire();  // the server is well again
  error = thrown<carpool::AcquireTimeout>([&] { return pool.acquire_for(1ms); });
  ASSERT_TRUE(error);
  EXPECT_FALSE(contains(error->what(), "no route to it")) << error->what();
}

// Nothing was said of the server before a series of connects had ended, which takes longer than most callers wait.
TYPED_TEST_P(PoolLawsAmongWorkers, ATimeoutTellsTheLastConnectErrorOfASeriesThatGoesOn) {
  this->server.next_connects({refuse("no route"), refuse("no host")});
  this->server.other_connects(held());
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_connecting = 1, .connect_attempts = 3, .connect_backoff = {1ms, 1ms}});
  std::string text;
  const auto tells = [&](const char* what) {
    const auto error = thrown<carpool::AcquireTimeout>([&] { return pool.acquire_for(10ms); });
    text = error ? error->what() : "";
    return contains(text, what);
  };
  EXPECT_TRUE(eventually<TypeParam>([&] { return tells("no host"); })) << text;
  EXPECT_TRUE(contains(text, "last connect error: ") && contains(text, "(2 tries so far)")) << text;
  EXPECT_FALSE(contains(text, "no route")) << "the last one's";
  this->server.let_through();
  EXPECT_TRUE(pool.acquire());
}

TYPED_TEST_P(PoolLaws, BadValuesAreRefusedByFieldAndBound) {
  const auto pool_of = [&](carpool::PoolOptions options) {
    Pool<TypeParam>(this->server.connector(), std::move(options));
  };
  EXPECT_THROW(pool_of({.max_size = 0}), std::invalid_argument);
  EXPECT_THROW(pool_of({.max_size = 2, .min_idle = 3}), std::invalid_argument);
  Pool<TypeParam> pool(this->server.connector());
  const auto error = thrown<std::invalid_argument>([&] { return pool.resize(0), 0; });
  ASSERT_TRUE(error);
  EXPECT_TRUE(contains(error->what(), "max_size") && contains(error->what(), "at least 1"));
}
