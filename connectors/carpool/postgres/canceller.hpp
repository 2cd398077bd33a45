/// Asks a PostgreSQL server to give up what a connection waits for.
#pragma once

#include <carpool/common/io_error.hpp>
#include <carpool/postgres/error.hpp>

#include <libpq-fe.h>

#include <array>
#include <memory>
#include <system_error>

namespace carpool::inline v0_1 {

/// Made by PostgresConnection::canceller. A value: may be used by another worker than the connection's, while that
/// waits, and after the connection has gone.
template <class Backend>
class PostgresCanceller {
 public:
  /// By PostgresConnection::canceller: copies what a cancel request needs, the address and the key of the session.
  explicit PostgresCanceller(PGconn* connection) : cancel_(::PQgetCancel(connection), &::PQfreeCancel) {}

  /// The command under way, if there still is one, throws PostgresError 57014, and its connection is as good as before.
  /// It may as well strike the next command: whoever cancels makes sure that the lease is not given back meanwhile. It
  /// is asked over a connection of its own, not encrypted, without a deadline, which blocks no fiber. Throws
  /// std::system_error where the server cannot be reached.
  void cancel() const {
    std::array<char, 256> why{};
    PGcancel* const request = cancel_.get();
    const int asked = Backend::run_blocking(
        [request, &why] { return ::PQcancel(request, why.data(), static_cast<int>(why.size())); });
    if (asked != 1) throw IoError(std::make_error_code(std::errc::not_connected), detail::one_line(why.data()));
  }

 private:
  std::shared_ptr<PGcancel> cancel_;
};

}  // namespace carpool::inline v0_1
