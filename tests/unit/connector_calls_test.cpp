/// Whom ConnectorCalls asks: the connector, else the connection, else nobody.
#include <carpool/connector_calls.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/time.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using carpool::Duration;
using carpool::TimePoint;
using carpool::Verdict;
using carpool::detail::ConnectorCalls;

std::vector<std::string> asked;  // by the tests of one thread, each of which begins with none
bool note(const char* who) { return asked.emplace_back(who), true; }

struct Answering {
  [[nodiscard]] bool is_connected() const noexcept { return note("own is_connected"); }
  bool ping(TimePoint) { return note("own ping"); }
  bool before_acquire(TimePoint) { return note("own before_acquire"); }
  bool reset(TimePoint) { return note("own reset"); }
  [[nodiscard]] bool dirty() const noexcept { return note("own dirty"); }
  [[nodiscard]] bool reusable() const noexcept { return note("own reusable"); }
  [[nodiscard]] bool in_step() const noexcept { return note("own in_step"); }
  Verdict handle_exception(const std::exception_ptr&) { return note("own handle_exception"), Verdict::keep; }
  [[nodiscard]] Duration lifetime() const { return note("own lifetime"), std::chrono::hours(1); }
  void invalidate(TimePoint) { note("own invalidate"); }
  void abandon() noexcept { note("own abandon"); }
  [[nodiscard]] bool matches(const int&) const { return note("own matches"); }
};

template <class C>
struct Opening {
  using Connection = C;
  Connection connect(TimePoint) const { return {}; }
};

struct OpeningByNumber {
  using Connection = Answering;
  using Target = int;
  Connection connect(const Target&, TimePoint) const { return {}; }
};

/// Has all that its connection has.
struct Asking : OpeningByNumber {
  bool is_connected(const Answering&) const noexcept { return note("is_connected"); }
  bool ping(Answering&, TimePoint) const { return note("ping"); }
  bool before_acquire(Answering&, TimePoint) const { return note("before_acquire"); }
  void set_pool_name(const std::string& name) { note(name.c_str()); }
  bool reset(Answering&, TimePoint) const { return note("reset"); }
  bool dirty(const Answering&) const noexcept { return note("dirty"); }
  bool reusable(const Answering&) const noexcept { return note("reusable"); }
  bool in_step(const Answering&) const noexcept { return note("in_step"); }
  Verdict handle_exception(Answering&, const std::exception_ptr&) const {
    return note("handle_exception"), Verdict::keep;
  }
  Duration lifetime(const Answering&) const { return note("lifetime"), std::chrono::hours(2); }
  void invalidate(Answering&, TimePoint) const { note("invalidate"); }
  void abandon(Answering&) const noexcept { note("abandon"); }
  bool matches(const Answering&, const int&) const { return note("matches"); }
};

template <class Connector>
std::vector<std::string> asked_by_all(const Connector& connector) {
  using Calls = ConnectorCalls<Connector, carpool::ThreadBackend>;
  auto connection = Calls::connect(connector, {}, carpool::never);
  asked.clear();
  (void)Calls::is_connected(connector, connection);
  (void)Calls::look(connector, connection, carpool::never, true);
  (void)Calls::reset(connector, connection, carpool::never);
  (void)Calls::dirty(connector, connection);
  (void)Calls::reusable(connector, connection);
  (void)Calls::in_step(connector, connection);
  (void)Calls::handle_exception(connector, connection, nullptr);
  (void)Calls::lifetime(connector, connection);
  Calls::invalidate(connector, connection, carpool::never);
  Calls::abandon(connector, connection);
  (void)Calls::matches(connector, connection, {});
  return asked;
}

TEST(ConnectorCalls, TheConnectorIsAskedFirst) {
  const std::vector<std::string> all = {"is_connected", "ping",       "before_acquire", "reset",
                                        "dirty",        "reusable",   "in_step",        "handle_exception",
                                        "lifetime",     "invalidate", "abandon",        "matches"};
  EXPECT_EQ(asked_by_all(Asking{}), all);
}

TEST(ConnectorCalls, TheConnectionAnswersWhatItsConnectorDoesNot) {
  const std::vector<std::string> all = {
      "own is_connected", "own ping",       "own before_acquire", "own reset",
      "own dirty",        "own reusable",   "own in_step",        "own handle_exception",
      "own lifetime",     "own invalidate", "own abandon",        "own matches"};
  EXPECT_EQ(asked_by_all(OpeningByNumber{}), all);
}

/// Has one member of its own and leaves the others to its connection.
struct Pinging : Opening<Answering> {
  bool ping(Answering&, TimePoint) const { return note("ping"); }
};

TEST(ConnectorCalls, EachMemberIsLookedForByItself) {
  using Calls = ConnectorCalls<Pinging, carpool::ThreadBackend>;
  Answering connection;
  asked.clear();
  (void)Calls::ping({}, connection, carpool::never);
  (void)Calls::reset({}, connection, carpool::never);
  EXPECT_EQ(asked, (std::vector<std::string>{"ping", "own reset"}));
}

struct Silent {
  bool connected = true;
  [[nodiscard]] bool is_connected() const noexcept { return connected; }
};

TEST(ConnectorCalls, WhatNeitherHasMeansWhatTheDocumentsSay) {
  using Calls = ConnectorCalls<Opening<Silent>, carpool::ThreadBackend>;
  static_assert(!Calls::pings && !Calls::resets && !Calls::invalidates);
  Silent alive, dead{.connected = false};
  EXPECT_TRUE(Calls::reusable({}, alive));
  EXPECT_FALSE(Calls::reusable({}, dead));
  EXPECT_TRUE(Calls::ping({}, alive, carpool::never));
  EXPECT_TRUE(Calls::reset({}, alive, carpool::never));
  EXPECT_FALSE(Calls::dirty({}, alive));
  EXPECT_FALSE(Calls::in_step({}, alive));
  EXPECT_EQ(Calls::handle_exception({}, alive, nullptr), Verdict::close);
  EXPECT_EQ(Calls::lifetime({}, alive), carpool::forever);
  Calls::interrupt({});
}

TEST(ConnectorCalls, ThePoolsNameIsTheConnectorsAlone) {
  using Backend = carpool::ThreadBackend;
  Asking asking;
  Opening<Silent> silent;
  asked.clear();
  ConnectorCalls<Asking, Backend>::set_pool_name(asking, "billing");
  ConnectorCalls<Opening<Silent>, Backend>::set_pool_name(silent, "billing");
  EXPECT_EQ(asked, std::vector<std::string>{"billing"});
}

struct Pausing : Silent {
  bool ping(TimePoint) { throw carpool::ServerPaused("paused"); }
  bool before_acquire(TimePoint) { return false; }
};

TEST(ConnectorCalls, ALookTellsAPauseFromAVetoAndFromDeath) {
  using Calls = ConnectorCalls<Opening<Pausing>, carpool::ThreadBackend>;
  Pausing connection;
  EXPECT_EQ(Calls::look({}, connection, carpool::never, true), carpool::detail::Look::paused);
  EXPECT_EQ(Calls::look({}, connection, carpool::never, false), carpool::detail::Look::vetoed);
  EXPECT_THROW((void)Calls::ping({}, connection, carpool::never), carpool::ServerPaused);
}

struct Throwing : Silent {
  bool ping(TimePoint) { throw std::runtime_error("ping"); }
  bool reset(TimePoint) { throw std::runtime_error("reset"); }
  Verdict handle_exception(const std::exception_ptr&) { throw std::runtime_error("handle_exception"); }
  void invalidate(TimePoint) { throw 1; }
};

TEST(ConnectorCalls, WhatAConnectionThrowsIsNoAnswer) {
  using Calls = ConnectorCalls<Opening<Throwing>, carpool::ThreadBackend>;
  Throwing connection;
  EXPECT_FALSE(Calls::ping({}, connection, carpool::never));
  EXPECT_EQ(Calls::look({}, connection, carpool::never, true), carpool::detail::Look::dead);
  EXPECT_FALSE(Calls::reset({}, connection, carpool::never));
  EXPECT_EQ(Calls::handle_exception({}, connection, nullptr), Verdict::close);
  Calls::invalidate({}, connection, carpool::never);
}

}  // namespace
