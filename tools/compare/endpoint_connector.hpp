/// One connector for every protocol, so that each combination of policies is compiled once.
#pragma once

#include "conversation.hpp"
#include "endpoint.hpp"

#include <carpool/time.hpp>

#include <memory>
#include <string>
#include <utility>

namespace carpool::compare {

/// Opens conversations with the server at an endpoint.
class EndpointConnector {
 public:
  template <class Backend>
  using Connection = std::unique_ptr<Conversation<Backend>>;

  explicit EndpointConnector(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const {
    return endpoint_.dial<Backend>()(deadline);
  }
  template <class Backend>
  [[nodiscard]] bool is_connected(const std::unique_ptr<Conversation<Backend>>& connection) const noexcept {
    return connection->is_connected();
  }
  template <class Backend>
  [[nodiscard]] bool reusable(const std::unique_ptr<Conversation<Backend>>& connection) const noexcept {
    return connection->reusable();
  }
  template <class Backend>
  [[nodiscard]] bool dirty(const std::unique_ptr<Conversation<Backend>>& connection) const noexcept {
    return connection->dirty();
  }
  template <class Backend>
  [[nodiscard]] bool reset(std::unique_ptr<Conversation<Backend>>& connection, TimePoint deadline) const {
    return connection->reset(deadline);
  }

  [[nodiscard]] std::string describe() const { return endpoint_.to_string(); }

 private:
  Endpoint endpoint_;
};

}  // namespace carpool::compare
