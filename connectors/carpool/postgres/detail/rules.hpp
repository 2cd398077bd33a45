/// What a pool may do with a connection to PostgreSQL, by what is known of it without asking the server.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/postgres/detail/handle.hpp>
#include <carpool/postgres/error.hpp>
#include <carpool/postgres/session.hpp>

#include <libpq-fe.h>

#include <exception>
#include <utility>

namespace carpool::inline v0_1::detail {

/// The server has refused a write on it, as a standby does.
template <class Backend>
[[nodiscard]] bool refused_for_role(const PostgresHandle<Backend>& handle) noexcept {
  return handle.get() != nullptr && handle.state().wrong_role;
}

/// No command is under way, none has been torn off, and none was refused for the server's role. No system call.
template <class Backend>
[[nodiscard]] bool is_reusable(const PostgresHandle<Backend>& handle, PostgresReset reset) noexcept {
  const PGTransactionStatusType status = ::PQtransactionStatus(handle.get());
  if (!handle.sound() || refused_for_role(handle)) return false;
  if (status == PQTRANS_ACTIVE || status == PQTRANS_UNKNOWN) return false;
  return reset != PostgresReset::none || status == PQTRANS_IDLE;
}

/// The protocol says between any two commands where it stands: an exception of the server's or of anybody's that
/// leaves it there does no harm. One that announces the connection's end, or a server of the wrong role, does.
[[nodiscard]] inline Verdict postgres_verdict(bool reusable, std::exception_ptr error) {
  if (!reusable) return Verdict::close;
  try {
    std::rethrow_exception(std::move(error));
  } catch (const PostgresError& refusal) {
    return refusal.ends_connection() ? Verdict::close : Verdict::keep;
  } catch (...) {
    return Verdict::keep;
  }
}

}  // namespace carpool::inline v0_1::detail
