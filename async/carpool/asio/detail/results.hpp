/// How the handler of an acquire is told why there is no lease.
#pragma once

#include <carpool/errors.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <new>
#include <system_error>

namespace carpool::inline v0_1::detail {

/// Each is asked in a catch clause.
struct AsioExceptionResult {
  using Error = std::exception_ptr;
  [[nodiscard]] static Error of_caught() {
    try {
      throw;
    } catch (const AcquireCancelled&) {
      return std::make_exception_ptr(
          boost::system::system_error(boost::asio::error::operation_aborted, "async_acquire"));
    } catch (...) {
      return std::current_exception();
    }
  }
};

struct AsioCodeResult {
  using Error = boost::system::error_code;
  [[nodiscard]] static Error of_caught() {
    try {
      throw;
    } catch (const AcquireCancelled&) {
      return boost::asio::error::operation_aborted;
    } catch (const PoolError& error) {
      return error.code();
    } catch (const std::system_error& error) {
      return error.code();
    } catch (const std::bad_alloc&) {
      return make_error_code(boost::system::errc::not_enough_memory);
    } catch (...) {
      return make_error_code(PoolErrc::interrupted);
    }
  }
};

}  // namespace carpool::inline v0_1::detail
