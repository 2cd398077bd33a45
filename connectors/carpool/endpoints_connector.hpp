/// One connector over several servers of the same kind: in failover order, in turn, or where the fewest connections
/// are.
#pragma once

#include <carpool/common/url.hpp>
#include <carpool/concepts.hpp>
#include <carpool/connector_calls.hpp>
#include <carpool/endpoints/connection.hpp>
#include <carpool/endpoints/health.hpp>
#include <carpool/endpoints/search.hpp>
#include <carpool/time.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace carpool::inline v0_1 {

namespace detail {

template <class Connector>
struct EndpointTarget {};
template <class Connector>
  requires has_target<Connector>
struct EndpointTarget<Connector> {
  using Target = typename Connector::Target;
  static constexpr bool target_is_optional = TargetIsOptional<Connector>;
};

/// Whether an exception says that the server has changed its role; only connectors that can tell have wrong_role.
template <class Connector>
bool says_wrong_role(const Connector& connector, const std::exception_ptr& error) noexcept {
  if constexpr (requires(const std::exception& e) { connector.wrong_role(e); }) {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& known) {
      return connector.wrong_role(known);
    } catch (...) {
      return false;
    }
  }
  return false;
}

}  // namespace detail

/// Opens each connection to one of several endpoints, every one a Connector of its own.
///
///   using Connector = carpool::EndpointsConnector<carpool::RedisConnector>;
///   carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector> pool(
///       Connector({{.host = "a"}, {.host = "b"}}, {.order = carpool::EndpointOrder::round_robin}));
///
/// An endpoint where a connect fails is set aside, and probed by a single connect when its time has come. All that are
/// well are tried within one deadline, then the others. Names are resolved anew for each connect, as the wrapped
/// connector does. Where a server shows itself in the wrong role (a primary that became a replica), all connections to
/// it are retired and it is set aside: when a connection comes back that remembers it (the connection's wrong_role()),
/// whether its user caught the exception or not, and where with_connection ends in an exception that says so (the
/// connector's wrong_role(exception)).
///
/// Errors:   connect throws what the wrapped one did where there is one endpoint; else std::system_error,
///           AuthenticationError where a server refused the credentials, or ConnectRefused where every server refused
///           for good, naming what each endpoint said.
/// Threads:  as the wrapped connector; copies share what is known of the endpoints.
template <class Connector>
class EndpointsConnector : public detail::EndpointTarget<Connector> {
 public:
  using Wrapped = Connector;  // what it cannot do, this one cannot
  template <class Backend>
  using Connection = EndpointConnection<Backend, connection_t<Connector, Backend>>;

  /// Throws std::invalid_argument where the list is empty or a time in the options is not longer than 0.
  explicit EndpointsConnector(std::vector<Connector> endpoints, EndpointOptions options = {})
      : endpoints_(std::move(endpoints)),
        options_(options),
        book_(std::make_shared<detail::EndpointBook>(endpoints_.size(), options_)) {
    require(!endpoints_.empty(), "the list of endpoints must not be empty");
    require(options_.probe_after > Duration::zero(), "probe_after must be longer than 0");
    require(options_.probe_after_max >= options_.probe_after, "probe_after_max must be at least probe_after");
  }

  /// "redis://a:6379,b:6380/0": each host becomes an endpoint, all else is the same for all.
  [[nodiscard]] static EndpointsConnector from_url(std::string_view text, EndpointOptions options = {}) {
    const Url url = Url::parse(text);
    std::vector<Connector> endpoints;
    for (const UrlHost& host : url.hosts) endpoints.push_back(Connector::from_url(url.with_host(host).to_string()));
    if (url.hosts.empty()) endpoints.push_back(Connector::from_url(text));
    return EndpointsConnector(std::move(endpoints), options);
  }

  /// In the constructor's order, which EndpointConnection::endpoint() counts.
  [[nodiscard]] const std::vector<Connector>& endpoints() const noexcept { return endpoints_; }

  /// One entry for each endpoint, in their order.
  [[nodiscard]] std::vector<EndpointStatus> status() const {
    std::vector<EndpointStatus> all;
    for (const auto& health : book_->health) all.push_back(health->status());
    return all;
  }

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(TimePoint deadline) const
    requires(!detail::has_target<Connector>)
  {
    return connect_to<Backend>(std::monostate{}, deadline);
  }
  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(const target_t<Connector>& target, TimePoint deadline) const
    requires detail::has_target<Connector>
  {
    return connect_to<Backend>(target, deadline);
  }

  /// For the pool's error texts: one of them, it does not say which.
  [[nodiscard]] std::string describe() const
    requires requires(const Connector& one) { one.describe(); }
  {
    return list_of([](const Connector& one) { return one.describe(); });
  }
  /// The same for a target, where Connector says it by target.
  template <class T>
    requires requires(const Connector& one, const T& target) { one.describe(target); }
  [[nodiscard]] std::string describe(const T& target) const {
    return list_of([&target](const Connector& one) { return one.describe(target); });
  }

  template <class Backend, class Inner>
  [[nodiscard]] bool is_connected(const EndpointConnection<Backend, Inner>& connection) const noexcept {
    return connection.in_role() && Calls<Backend>::is_connected(its(connection), connection.inner());
  }

  template <class Backend, class Inner>
  [[nodiscard]] bool matches(const EndpointConnection<Backend, Inner>& connection,
                             const target_t<Connector>& target) const
    requires detail::has_target<Connector>
  {
    return Calls<Backend>::matches(its(connection), connection.inner(), target);
  }

  template <class Backend, class Inner>
  [[nodiscard]] Verdict handle_exception(EndpointConnection<Backend, Inner>& connection,
                                         const std::exception_ptr& error) const {
    const Connector& connector = its(connection);
    if (detail::says_wrong_role(connector, error)) {
      if (connection.in_role()) retire<Backend>(connection.endpoint());
      return Verdict::close;
    }
    return Calls<Backend>::handle_exception(connector, connection.inner(), error);
  }

  /// Each endpoint's own; throws what the first bad one does.
  void validate() const
    requires requires(const Connector& c) { c.validate(); }
  {
    for (const Connector& endpoint : endpoints_) endpoint.validate();
  }

  /// By the pool's constructor: each endpoint's own.
  void set_pool_name(const std::string& name)
    requires detail::TakesPoolName<Connector>
  {
    for (Connector& endpoint : endpoints_) endpoint.set_pool_name(name);
  }

  /// Closes all connections to one endpoint as they come back or are about to be handed out, and sets it aside.
  template <class Backend>
  void retire(std::size_t endpoint) const {
    book_->health.at(endpoint)->retire(Backend::now());
  }

  // What the wrapped connector or its connection can do besides, this one can too.

  template <class Backend, class Inner>
    requires detail::TellsReusable<Connector, Backend>
  [[nodiscard]] bool reusable(const EndpointConnection<Backend, Inner>& connection) const noexcept {
    return connection.in_role() && Calls<Backend>::reusable(its(connection), connection.inner());
  }
  template <class Backend, class Inner>
    requires detail::TellsInStep<Connector, Backend>
  [[nodiscard]] bool in_step(const EndpointConnection<Backend, Inner>& connection) const noexcept {
    return connection.in_role() && Calls<Backend>::in_step(its(connection), connection.inner());
  }
  template <class Backend, class Inner>
    requires detail::TellsDirty<Connector, Backend>
  [[nodiscard]] bool dirty(const EndpointConnection<Backend, Inner>& connection) const noexcept {
    return Calls<Backend>::dirty(its(connection), connection.inner());
  }
  template <class Backend, class Inner>
    requires detail::Pings<Connector, Backend>
  [[nodiscard]] bool ping(EndpointConnection<Backend, Inner>& connection, TimePoint deadline) const {
    return Calls<Backend>::ping(its(connection), connection.inner(), deadline);
  }
  template <class Backend, class Inner>
    requires detail::Vets<Connector, Backend>
  [[nodiscard]] bool before_acquire(EndpointConnection<Backend, Inner>& connection, TimePoint deadline) const {
    return Calls<Backend>::before_acquire(its(connection), connection.inner(), deadline);
  }
  template <class Backend, class Inner>
    requires detail::Resets<Connector, Backend>
  [[nodiscard]] bool reset(EndpointConnection<Backend, Inner>& connection, TimePoint deadline) const {
    return Calls<Backend>::reset(its(connection), connection.inner(), deadline);
  }
  template <class Backend, class Inner>
    requires detail::Invalidates<Connector, Backend>
  void invalidate(EndpointConnection<Backend, Inner>& connection, TimePoint deadline) const {
    Calls<Backend>::invalidate(its(connection), connection.inner(), deadline);
  }
  template <class Backend, class Inner>
    requires detail::Abandons<Connector, Backend>
  void abandon(EndpointConnection<Backend, Inner>& connection) const noexcept {
    Calls<Backend>::abandon(its(connection), connection.inner());
  }
  void interrupt() const noexcept
    requires detail::Interrupts<Connector>
  {
    for (const Connector& endpoint : endpoints_) endpoint.interrupt();
  }
  template <class Backend, class Inner>
    requires detail::TellsLifetime<Connector, Backend>
  [[nodiscard]] Duration lifetime(const EndpointConnection<Backend, Inner>& connection) const {
    return Calls<Backend>::lifetime(its(connection), connection.inner());
  }

 private:
  template <class Backend>
  using Calls = detail::ConnectorCalls<Connector, Backend>;

  /// words(endpoint) of each.
  template <class Words>
  [[nodiscard]] std::string list_of(Words words) const {
    std::string text = "one of ";
    for (const Connector& one : endpoints_) (text += &one == endpoints_.data() ? "" : ", ") += words(one);
    return text;
  }

  static void require(bool holds, const char* rule) {
    if (!holds) throw std::invalid_argument(std::string("EndpointsConnector: ") + rule);
  }

  template <class Backend, class Inner>
  [[nodiscard]] const Connector& its(const EndpointConnection<Backend, Inner>& connection) const noexcept {
    return endpoints_[connection.endpoint()];
  }

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect_to(const target_t<Connector>& target, TimePoint deadline) const {
    detail::EndpointSearch<Backend> search(*book_, options_, deadline);
    return search.first_to_answer([&](std::size_t index, TimePoint its_deadline) {
      detail::EndpointUse use(book_->health[index], index);  // before the dial: what is retired meanwhile is meant
      return Connection<Backend>(std::move(use), Calls<Backend>::connect(endpoints_[index], target, its_deadline));
    });
  }

  std::vector<Connector> endpoints_;
  EndpointOptions options_;
  std::shared_ptr<detail::EndpointBook> book_;
};

}  // namespace carpool::inline v0_1
