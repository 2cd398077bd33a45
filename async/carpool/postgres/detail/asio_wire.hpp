/// What PostgresWire and PostgresAddressConnector do, by coroutines of Boost.Asio's: they wait, those know the
/// protocol.
#pragma once

#include <carpool/postgres/detail/address_connector.hpp>
#include <carpool/postgres/detail/asio_socket.hpp>
#include <carpool/postgres/detail/outcome.hpp>
#include <carpool/postgres/detail/result_pointer.hpp>
#include <carpool/postgres/detail/settings.hpp>
#include <carpool/postgres/detail/wire.hpp>
#include <carpool/time.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

using AsioPostgresHandle = PostgresHandle<AsioPostgresPlatform>;
using AsioPostgresWire = PostgresWire<AsioPostgresPlatform>;
using AsioPostgresAttempts = PostgresAddressConnector<AsioPostgresPlatform>;

/// See PostgresWire::flush().
inline boost::asio::awaitable<void> flush_by_asio(AsioPostgresWire& wire) {
  while (wire.flush_some()) {
    const bool readable = co_await until_readable_or_writable(wire.handle().descriptor());
    if (readable && !wire.consume()) wire.fail_lost();
  }
}

/// See PostgresWire::read_by_turns().
inline boost::asio::awaitable<bool> read_by_turns_of_asio(AsioPostgresWire& wire) {
  for (Duration turn = std::chrono::milliseconds(5);; turn = std::min<Duration>(2 * turn, std::chrono::seconds(1))) {
    if (!wire.consume()) co_return false;
    if (!wire.busy()) co_return true;
    const bool readable = co_await is_readable_within(wire.handle().descriptor(), turn);
    if (readable) co_return wire.consume();
  }
}

/// The command's next result; null after the last.
inline boost::asio::awaitable<PostgresResultPointer> next_by_asio(AsioPostgresWire& wire) {
  for (bool is_there = true; is_there && wire.busy();) {
    if (wire.socket_may_stay_silent()) {
      is_there = co_await read_by_turns_of_asio(wire);
    } else {
      co_await until_readable(wire.handle().descriptor());
      is_there = wire.consume();
    }
  }
  co_return wire.take_result();
}

/// A whole command: its last result. Whatever ends this coroutine but that and a PostgresError, the end of its frame
/// too, leaves the connection in doubt.
template <class Send>
boost::asio::awaitable<PostgresResultPointer> exchange_by_asio(AsioPostgresWire& wire, const char* operation,
                                                               Send send) {
  wire.start(operation, never);
  wire.submit(send);
  co_await flush_by_asio(wire);
  PostgresOutcome outcome;
  for (;;) {
    PostgresResultPointer result = co_await next_by_asio(wire);
    if (!result) break;
    wire.add(std::move(result), outcome);
  }
  co_return wire.conclude(std::move(outcome));
}

/// What libpq is told for each of the host's addresses.
template <class Connector>
boost::asio::awaitable<std::vector<PostgresSettings>> postgres_attempts_by_asio(const Connector& server) {
  std::vector<PostgresSettings> all;
  if (is_postgres_on_unix(server)) {
    all.push_back(postgres_settings(server));
    co_return all;
  }
  boost::asio::ip::tcp::resolver resolver(co_await boost::asio::this_coro::executor);
  const auto [error, found] = co_await resolver.async_resolve(server.host, std::to_string(server.port),
                                                              boost::asio::as_tuple(boost::asio::use_awaitable));
  if (error == boost::asio::error::operation_aborted) throw boost::system::system_error(error);
  if (error) throw std::system_error(error, "connect to " + postgres_endpoint(server));
  for (const auto& entry : found) {
    all.push_back(postgres_settings(server, entry.endpoint().address().to_string()));
  }
  co_return all;
}

/// Nothing where the address failed. libpq may close its socket and open another one between two waits.
inline boost::asio::awaitable<std::optional<AsioPostgresHandle>> dial_by_asio(AsioPostgresAttempts& attempts,
                                                                              const PostgresSettings& settings) {
  AsioPostgresHandle handle = attempts.start(settings);
  auto status = AsioPostgresAttempts::first_status(handle);
  while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
    if (status == PGRES_POLLING_READING) {
      co_await until_readable(handle.descriptor());
    } else {
      co_await until_writable(handle.descriptor());
    }
    status = ::PQconnectPoll(handle.get());
  }
  co_return attempts.ended(std::move(handle), status);
}

/// As PostgresAddressConnector::first_to_answer(), without a share of time for each address: the deadline is the
/// coroutine's own, that of who cancels it.
template <class Connector>
boost::asio::awaitable<AsioPostgresHandle> connect_by_asio(const Connector& server) {
  const std::vector<PostgresSettings> all = co_await postgres_attempts_by_asio(server);
  AsioPostgresAttempts attempts(postgres_endpoint(server), server.max_notices, never);
  for (const PostgresSettings& settings : all) {
    std::optional<AsioPostgresHandle> handle = co_await dial_by_asio(attempts, settings);
    if (handle) co_return std::move(*handle);
  }
  attempts.give_up();
}

}  // namespace carpool::inline v0_1::detail
