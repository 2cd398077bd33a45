/// A drain or a close that completes a handler of Boost.Asio's.
#pragma once

#include <carpool/asio/detail/operation.hpp>
#include <carpool/ending.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <exception>
#include <utility>

namespace carpool::inline v0_1::detail {

template <class Pool, class Handler>
class AsioEndOperation final : public AsioOperation<AsioEndOperation<Pool, Handler>, Ending<Pool>, Handler> {
  using Operation = AsioOperation<AsioEndOperation, Ending<Pool>, Handler>;

 public:
  using Operation::Operation;

  /// Completes by a post, never within this call.
  static void start(Pool& pool, EndKind kind, TimePoint deadline, Handler handler) {
    AsioEndOperation& self = Operation::make(std::move(handler), pool, kind, deadline);
    if (self.begin()) self.post();  // else self may be gone
  }

 private:
  friend Operation;

  void run() {
    this->clear_slot();
    const Ended ended = this->result();
    this->complete(error_of(ended), ended.left);
  }
  /// What came to its end just before it was called off is no error.
  [[nodiscard]] static std::exception_ptr error_of(const Ended& ended) {
    if (!ended.called_off || ended.left == 0) return nullptr;
    return std::make_exception_ptr(boost::system::system_error(boost::asio::error::operation_aborted, "end of a pool"));
  }
};

}  // namespace carpool::inline v0_1::detail
