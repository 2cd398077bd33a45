/// One pool for many servers: any connector that can be sent to another address, with that address as its target.
#pragma once

#include <carpool/concepts.hpp>
#include <carpool/time.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace carpool::inline v0_1 {

/// A connection of the connector's, with all that it can do, that knows whom it was opened to.
template <class Inner, class Address>
class TargetedConnection : public Inner {
 public:
  /// By TargetedConnector.
  TargetedConnection(Inner inner, Address target) : Inner(std::move(inner)), target_(std::move(target)) {}

  [[nodiscard]] const Address& target() const noexcept { return target_; }  ///< Lifetime: the connection's

 private:
  Address target_;
};

/// Each acquire says to whom: a lease's connection is to that address and no other, and idle ones are kept by address.
/// The pool's bounds are for all of them together.
///
///   using Connector = carpool::TargetedConnector<carpool::TcpConnector>;
///   carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, Connector> pool({}, {.max_size = 100});
///   auto lease = pool.acquire({.host = "shard-7.example", .port = 7000});
///   auto other = pool.acquire(carpool::TcpAddress::parse("[::1]:7000"));
///
/// It is a Connector, of which everything is used but its own address: {{.io_timeout = 5s}} for all servers alike. For
/// TcpConnector and TlsConnector (whose server_name, if it is given, is every server's) a target is a TcpAddress, for
/// UnixConnector a UnixAddress. A connector of one's own has
///   using Address = ...;                     copyable, with == and, so that it is found at once, std::hash
///   MyConnector to(const Address&) const;    the same for another server
///
/// Errors:   as the Connector; an address that none can have is a std::invalid_argument at its first connect.
/// Threads:  as the Connector.
template <class Connector>
struct TargetedConnector : Connector {
  using Target = typename Connector::Address;  ///< TcpAddress or UnixAddress, for the connectors here
  template <class Backend>
  using Connection = TargetedConnection<connection_t<Connector, Backend>, Target>;

  template <class Backend>
  [[nodiscard]] Connection<Backend> connect(const Target& target, TimePoint deadline) const {
    return {this->to(target).template connect<Backend>(deadline), target};
  }

  template <class Inner>
  [[nodiscard]] bool matches(const TargetedConnection<Inner, Target>& connection, const Target& target) const noexcept {
    return connection.target() == target;
  }

  /// For the pool's error texts.
  [[nodiscard]] std::string describe(const Target& target) const
    requires requires(const Connector& one) { one.describe(); }
  {
    return this->to(target).describe();
  }

  /// Of everything but the address. Throws std::invalid_argument naming the field and the bound.
  void validate() const { this->to(Connector::any_address()).validate(); }

  /// A URL has an address: Connector::from_url makes a Connector, and TargetedConnector{connector} this.
  static void from_url(std::string_view) = delete;
};

}  // namespace carpool::inline v0_1
