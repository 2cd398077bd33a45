/// How a connector and one kind of request become a protocol of the tool.
#pragma once

#include "conversation.hpp"
#include "protocol.hpp"

#include <carpool/concepts.hpp>
#include <carpool/connector_calls.hpp>
#include <carpool/time.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace carpool::compare {

/// Request is called as request(connection, text, deadline).
template <class Backend, class Connector, class Request>
class Spoken final : public Conversation<Backend> {
 public:
  Spoken(std::shared_ptr<const Connector> connector, Request request, TimePoint deadline)
      : connector_(std::move(connector)),
        request_(std::move(request)),
        connection_(Calls::connect(*connector_, target_t<Connector>{}, deadline)) {}

  void exchange(const std::string& text, TimePoint deadline) override { request_(connection_, text, deadline); }
  [[nodiscard]] bool is_connected() const noexcept override { return Calls::is_connected(*connector_, connection_); }
  [[nodiscard]] bool reusable() const noexcept override { return Calls::reusable(*connector_, connection_); }
  [[nodiscard]] bool dirty() const noexcept override { return Calls::dirty(*connector_, connection_); }
  bool reset(TimePoint deadline) override { return Calls::reset(*connector_, connection_, deadline); }

 private:
  using Calls = ::carpool::detail::ConnectorCalls<Connector, Backend>;

  std::shared_ptr<const Connector> connector_;
  Request request_;
  connection_t<Connector, Backend> connection_;
};

template <class Backend, class Connector, class Request>
[[nodiscard]] Dial<Backend> dial_with(std::shared_ptr<const Connector> connector, Request request) {
  return [connector = std::move(connector), request = std::move(request)](TimePoint deadline) {
    return std::make_unique<Spoken<Backend, Connector, Request>>(connector, request, deadline);
  };
}

template <class Connector, class Request>
[[nodiscard]] Dials speak_through(const std::shared_ptr<const Connector>& connector, const Request& request) {
  return {dial_with<SingleBackend>(connector, request), dial_with<ThreadBackend>(connector, request),
          dial_with<BoostThreadBackend>(connector, request), dial_with<FiberBackend>(connector, request)};
}

/// Prepares a protocol whose URLs Connector::from_url understands.
template <class Connector, class Request>
[[nodiscard]] auto speak(Request request) {
  return [request = std::move(request)](const std::string& url) {
    return speak_through(std::make_shared<const Connector>(Connector::from_url(url)), request);
  };
}

}  // namespace carpool::compare
