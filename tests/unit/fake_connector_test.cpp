/// FakeConnector does what its script says and FakeServer counts it, on every backend.
#include <carpool/concepts.hpp>
#include <carpool/connector_calls.hpp>
#include <carpool/errors.hpp>
#include <carpool/fake_connector.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "io_backends.hpp"
#include "thrown.hpp"

namespace {

using namespace carpool::fake;  // NOLINT(google-build-using-namespace): the words of the script
using carpool::FakeCounts;
using carpool::FakeMethod;
using carpool::FakeReply;
using std::chrono::milliseconds;

template <class Backend>
class FakeConnectorTest : public testing::Test {
 protected:
  static carpool::TimePoint in(carpool::Duration time) { return Backend::now() + time; }
  static carpool::TimePoint soon_enough() { return in(std::chrono::seconds(10)); }
  auto connect() { return connector_.template connect<Backend>(soon_enough()); }
  auto connect(const std::string& target) { return targets_.template connect<Backend>(target, soon_enough()); }

  carpool::FakeServer server_;
  carpool::FakeConnector connector_ = server_.connector();
  carpool::FakeTargetConnector targets_ = server_.target_connector();
};
TYPED_TEST_SUITE(FakeConnectorTest, AllIoBackends, BackendName);

TYPED_TEST(FakeConnectorTest, HasEverythingThatAConnectorCanHave) {
  using Calls = carpool::detail::ConnectorCalls<carpool::FakeConnector, TypeParam>;
  static_assert(carpool::ConnectorFor<carpool::FakeConnector, TypeParam>);
  static_assert(carpool::ConnectorFor<carpool::FakeTargetConnector, TypeParam>);
  static_assert(Calls::pings && Calls::resets && Calls::invalidates);
  auto connection = this->connect();
  EXPECT_TRUE(Calls::reusable(this->connector_, connection));
  EXPECT_FALSE(Calls::dirty(this->connector_, connection)) << "not the answer for who has no dirty()";
  EXPECT_EQ(Calls::lifetime(this->connector_, connection), carpool::forever);
}

TYPED_TEST(FakeConnectorTest, ConnectsFollowTheScriptAndThenSucceed) {
  this->server_.next_connects({refuse("down"), slow(milliseconds(20)), refuse_credentials("no")});
  EXPECT_EQ(code_thrown_by([&] { (void)this->connect(); }), std::errc::connection_refused);
  const carpool::TimePoint start = TypeParam::now();
  auto slow_one = this->connect();
  EXPECT_GE(TypeParam::now(), start + milliseconds(20));
  EXPECT_THROW((void)this->connect(), carpool::AuthenticationError);
  auto unscripted = this->connect();
  EXPECT_EQ(slow_one.id(), 1U);
  EXPECT_EQ(unscripted.id(), 2U);
}

TYPED_TEST(FakeConnectorTest, NoConnectLastsBeyondItsDeadline) {
  this->server_.next_connects({slow(std::chrono::hours(1)), hang(), held()});
  for (int i = 0; i < 3; ++i) {
    const carpool::TimePoint deadline = this->in(milliseconds(10));
    const auto late = [&] { (void)this->connector_.template connect<TypeParam>(deadline); };
    EXPECT_EQ(code_thrown_by(late), std::errc::timed_out);
    EXPECT_GE(TypeParam::now(), deadline);
  }
  EXPECT_EQ(this->server_.counts().connecting, 0U);
}

TYPED_TEST(FakeConnectorTest, HeldConnectsAreInFlightUntilTheyAreLetThrough) {
  if (!TypeParam::concurrent) GTEST_SKIP() << "nobody could let them through";
  this->server_.next_connects({held(), held()});
  std::vector<decltype(TypeParam::spawn([] {}))> tasks;
  for (int i = 0; i < 2; ++i) tasks.push_back(TypeParam::spawn([&] { auto connection = this->connect(); }));
  const auto both_in_flight = [](const FakeCounts& counts) { return counts.connecting == 2; };
  EXPECT_TRUE(this->server_.template await<TypeParam>(both_in_flight));
  EXPECT_EQ(this->server_.counts().opened, 0U);
  this->server_.let_through(1);
  const auto one_opened = [](const FakeCounts& counts) { return counts.opened == 1; };
  EXPECT_TRUE(this->server_.template await<TypeParam>(one_opened));
  this->server_.let_through(1);
  for (auto& task : tasks) task.join();
  EXPECT_EQ(this->server_.counts().opened, 2U);
  EXPECT_EQ(this->server_.counts().peak_connecting, 2U);
}

TYPED_TEST(FakeConnectorTest, AwaitGivesUpAfterItsTimeout) {
  const auto impossible = [](const FakeCounts& counts) { return counts.opened == 1; };
  EXPECT_FALSE(this->server_.template await<TypeParam>(impossible, milliseconds(5)));
}

TYPED_TEST(FakeConnectorTest, OpenConnectionsAreCountedFromConnectToDestructor) {
  {
    auto first = this->connect();
    auto second = this->connect();
    auto moved = std::move(first);
    EXPECT_EQ(this->server_.counts().open, 2U);
    second = std::move(moved);  // what it was before closes with moved
  }
  const FakeCounts counts = this->server_.counts();
  EXPECT_EQ(counts.open, 0U);
  EXPECT_EQ(counts.peak_open, 2U);
  EXPECT_EQ(counts.peak_size, 2U);
  EXPECT_EQ(counts.opened, 2U);
  EXPECT_EQ(counts.closed, 2U);
}

TYPED_TEST(FakeConnectorTest, AConnectionDiesAfterItsUsesItsChecksItsTimeOrWhenItIsKilled) {
  this->server_.next_connects(
      {ok().dying_after_uses(2), ok().dying_after_checks(2), ok().dying_after(milliseconds(5))});
  const auto alive = [this](const auto& connection) { return this->connector_.is_connected(connection); };
  auto by_uses = this->connect();
  by_uses.use();
  EXPECT_TRUE(alive(by_uses));
  by_uses.use();
  EXPECT_FALSE(alive(by_uses));
  EXPECT_EQ(code_thrown_by([&] { by_uses.use(); }), std::errc::connection_reset);

  auto by_checks = this->connect();
  EXPECT_TRUE(alive(by_checks) && alive(by_checks));
  EXPECT_FALSE(alive(by_checks));

  auto by_time = this->connect();
  TypeParam::sleep_until(this->in(milliseconds(5)));
  EXPECT_FALSE(alive(by_time));

  auto one = this->connect();
  auto other = this->connect();
  this->server_.kill(one.id());
  EXPECT_TRUE(!alive(one) && alive(other));
  this->server_.kill_all();
  EXPECT_FALSE(alive(other));
  EXPECT_TRUE(alive(this->connect()));
}

TYPED_TEST(FakeConnectorTest, PingsAreAnsweredAsScripted) {
  this->server_.next_connects({ok(), ok().answering_pings(FakeReply::no), ok().answering_pings(FakeReply::silence)});
  auto good = this->connect();
  auto bad = this->connect();
  auto silent = this->connect();
  EXPECT_TRUE(this->connector_.ping(good, this->soon_enough()));
  EXPECT_FALSE(this->connector_.ping(bad, this->soon_enough()));
  const carpool::TimePoint deadline = this->in(milliseconds(10));
  EXPECT_FALSE(this->connector_.ping(silent, deadline));
  EXPECT_GE(TypeParam::now(), deadline);
  this->server_.answer_every_ping(FakeReply::no);
  EXPECT_FALSE(this->connector_.ping(good, this->soon_enough()));
  this->server_.answer_every_ping(std::nullopt);
  EXPECT_TRUE(this->connector_.ping(good, this->soon_enough()));
  this->server_.kill_all();
  EXPECT_FALSE(this->connector_.ping(good, this->soon_enough()));
  EXPECT_EQ(this->server_.counts().pings, 6U);
}

TYPED_TEST(FakeConnectorTest, AResetCleansUnlessItFails) {
  this->server_.next_connects({ok().dirtied_by_use(), ok().answering_resets(FakeReply::no)});
  auto cleaned = this->connect();
  cleaned.use();
  EXPECT_TRUE(this->connector_.dirty(cleaned));
  EXPECT_TRUE(this->connector_.reset(cleaned, this->soon_enough()));
  EXPECT_FALSE(this->connector_.dirty(cleaned));
  auto stained = this->connect();
  stained.get_dirty();
  EXPECT_FALSE(this->connector_.reset(stained, this->soon_enough()));
  EXPECT_TRUE(this->connector_.dirty(stained));
  EXPECT_EQ(this->server_.counts().resets, 2U);
}

TYPED_TEST(FakeConnectorTest, AReplyLeftUnreadMakesItNotReusable) {
  auto connection = this->connect();
  EXPECT_TRUE(this->connector_.reusable(connection));
  connection.leave_a_reply_unread();
  EXPECT_FALSE(this->connector_.reusable(connection));
}

TYPED_TEST(FakeConnectorTest, GoodbyesToTheDeadAreToldApart) {
  auto alive = this->connect();
  auto dead = this->connect();
  dead.die();
  this->connector_.invalidate(alive, this->soon_enough());
  this->connector_.invalidate(dead, this->soon_enough());
  EXPECT_EQ(this->server_.counts().invalidated, 2U);
  EXPECT_EQ(this->server_.counts().goodbyes_to_dead, 1U);
}

TYPED_TEST(FakeConnectorTest, ALongGoodbyeEndsAtItsDeadline) {
  this->server_.next_connects({ok().slow_to_part(std::chrono::hours(1))});
  auto connection = this->connect();
  const carpool::TimePoint deadline = this->in(milliseconds(10));
  this->connector_.invalidate(connection, deadline);
  EXPECT_GE(TypeParam::now(), deadline);
}

TYPED_TEST(FakeConnectorTest, WhatIsAbandonedIsNotClosed) {
  {
    auto connection = this->connect();
    this->connector_.abandon(connection);
    this->connector_.abandon(connection);
    EXPECT_FALSE(this->connector_.is_connected(connection));
  }
  EXPECT_EQ(this->server_.counts().abandoned, 1U);
  EXPECT_EQ(this->server_.counts().closed, 0U);
}

TYPED_TEST(FakeConnectorTest, EachMethodThrowsAtTheCallThatTheScriptNames) {
  auto connection = this->connect();
  const carpool::TimePoint deadline = this->soon_enough();
  auto& connector = this->connector_;
  const std::vector<std::pair<FakeMethod, std::function<void()>>> calls = {
      {FakeMethod::connect, [&] { (void)this->connect(); }},
      {FakeMethod::ping, [&] { (void)connector.ping(connection, deadline); }},
      {FakeMethod::reset, [&] { (void)connector.reset(connection, deadline); }},
      {FakeMethod::invalidate, [&] { connector.invalidate(connection, deadline); }},
      {FakeMethod::handle_exception, [&] { (void)connector.handle_exception(connection, nullptr); }},
      {FakeMethod::lifetime, [&] { (void)connector.lifetime(connection); }},
      {FakeMethod::matches, [&] { (void)this->targets_.matches(connection, "east"); }},
  };
  for (const auto& [method, call] : calls) {
    this->server_.throw_from(method, 2);
    EXPECT_NO_THROW(call()) << static_cast<int>(method);
    EXPECT_THROW(call(), std::runtime_error) << static_cast<int>(method);
    EXPECT_NO_THROW(call()) << static_cast<int>(method);
  }
  EXPECT_EQ(this->server_.counts().connecting, 0U);
}

TYPED_TEST(FakeConnectorTest, TheVerdictOnExceptionsIsTheServers) {
  auto connection = this->connect();
  EXPECT_EQ(this->connector_.handle_exception(connection, nullptr), carpool::Verdict::close);
  this->server_.judge_exceptions(carpool::Verdict::keep);
  EXPECT_EQ(this->connector_.handle_exception(connection, nullptr), carpool::Verdict::keep);
}

TYPED_TEST(FakeConnectorTest, EachTargetHasItsScriptAndItsCounts) {
  this->server_.next_connects("east", {refuse("east is down")});
  this->server_.other_connects("south", refuse("south is never up"));
  auto west = this->connect("west");
  EXPECT_EQ(code_thrown_by([&] { (void)this->connect("east"); }), std::errc::connection_refused);
  auto east = this->connect("east");
  for (int i = 0; i < 2; ++i) EXPECT_THROW((void)this->connect("south"), std::system_error);
  EXPECT_TRUE(this->targets_.matches(west, "west"));
  EXPECT_FALSE(this->targets_.matches(west, "east"));
  EXPECT_EQ(this->server_.counts("east").connects, 2U);
  EXPECT_EQ(this->server_.counts("east").opened, 1U);
  EXPECT_EQ(this->server_.counts("south").opened, 0U);
  EXPECT_EQ(this->server_.counts().connects, 5U);
}

TYPED_TEST(FakeConnectorTest, TwoOwnersOfOneConnectionAreFoundOut) {
  if (!TypeParam::concurrent) GTEST_SKIP() << "there is only one";
  auto connection = this->connect();
  auto first = TypeParam::spawn([&] { connection.use(milliseconds(30)); });
  const auto in_use = [](const FakeCounts& counts) { return counts.uses == 1; };
  ASSERT_TRUE(this->server_.template await<TypeParam>(in_use));
  connection.use();
  first.join();
  EXPECT_EQ(this->server_.counts().overlapping_uses, 1U);
}

TYPED_TEST(FakeConnectorTest, TheServerMayGoBeforeItsConnections) {
  std::optional<carpool::FakeServer> server;
  server.emplace();
  auto connection = server->connector().template connect<TypeParam>(this->soon_enough());
  server.reset();
  connection.use();
}

}  // namespace
