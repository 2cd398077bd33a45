/// A stream socket in a simulated network, with the shape of PosixSocket.
#pragma once

#include <carpool/posix/socket_options.hpp>
#include <carpool/simulation/network.hpp>

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Errors and deadlines as PosixSocket's. Its descriptor is a number that no file of this process has.
class SimulationSocket {
 public:
  using Address = SocketAddress;
  using Options = SocketOptions;

  SimulationSocket() noexcept = default;
  SimulationSocket(SimulationSocket&& other) noexcept { take(other); }
  SimulationSocket& operator=(SimulationSocket&& other) noexcept {
    if (this == &other) return *this;
    close();
    take(other);
    return *this;
  }
  ~SimulationSocket() { close(); }

  [[nodiscard]] static SimulationSocket connect(const Address& address, const Options&, TimePoint deadline) {
    SimulationSocket socket;
    socket.peer_ = address;
    socket.dial(deadline);
    return socket;
  }

  [[nodiscard]] static std::vector<Address> resolve(const std::string& host, std::uint16_t port, TimePoint deadline) {
    std::vector<Address> found = parse_numeric(host, port);
    if (!found.empty()) return found;
    auto& network = SimulatedNetwork::current();
    Simulation& run = Simulation::current();
    run.before(detail::SimulatedOperation::network, SourceLocation::current());
    if (network.resolving_takes > Duration::zero()) run.block(nullptr, after(run.now(), network.resolving_takes));
    found = network.resolve(host, port);
    if (found.empty()) throw std::system_error(EAI_NONAME, resolver_category(), "resolve " + host);
    if (run.now() < deadline) return found;
    throw std::system_error(std::make_error_code(std::errc::timed_out), "resolve " + host);
  }

  [[nodiscard]] std::size_t read_some(std::span<std::byte> into, TimePoint deadline) {
    Simulation& run = arrive();
    for (;;) {
      if (connection_->reset) fail(ECONNRESET, "read from");
      if (incoming().readable(run.now())) return receive(into);
      if (incoming().at_end(run.now())) return 0;
      wait_or_fail(incoming(), incoming().next_arrival(), deadline, "read from");
    }
  }

  [[nodiscard]] std::size_t write_some(std::span<const std::byte> from, TimePoint deadline) {
    static_cast<void>(arrive());
    for (;;) {
      if (connection_->reset) fail(ECONNRESET, "write to");
      if (is_client_ ? connection_->server_closed : connection_->client_closed) fail(EPIPE, "write to");
      const std::size_t room = detail::SimulatedPipe::room - std::min(outgoing().unread, detail::SimulatedPipe::room);
      if (room > 0 || from.empty()) return send(from.first(std::min(room, from.size())));
      wait_or_fail(outgoing(), never, deadline, "write to");
    }
  }

  [[nodiscard]] bool is_connected() const noexcept {
    if (connection_ == nullptr || connection_->reset) return false;
    const TimePoint now = Simulation::current().now();
    return !incoming().readable(now) && !incoming().at_end(now);
  }
  /// Of poll(2), as of now.
  [[nodiscard]] unsigned events() const noexcept {
    if (connection_->reset) return POLLIN | POLLOUT | POLLERR | POLLHUP;
    const TimePoint now = Simulation::current().now();
    const bool at_end = incoming().at_end(now);
    unsigned events = outgoing().unread < detail::SimulatedPipe::room ? POLLOUT : 0U;
    if (incoming().readable(now) || at_end) events |= POLLIN;
    return at_end ? events | POLLRDHUP : events;
  }
  /// Sleeps until events() may be different, at most until the deadline.
  void await_change(TimePoint deadline) const {
    Simulation::current().block(&incoming(), std::min(deadline, incoming().next_arrival()));
  }

  [[nodiscard]] int native_handle() const noexcept { return descriptor_; }
  [[nodiscard]] const Address& peer() const noexcept { return peer_; }

  /// The other end reads what is under way, then the end.
  void close() noexcept {
    if (connection_ == nullptr) return;
    network_->descriptors_.erase(std::exchange(descriptor_, -1));
    (is_client_ ? connection_->client_closed : connection_->server_closed) = true;
    outgoing().ended = true;
    outgoing().end_arrives = after(Simulation::current().now(), server_->link.latency);
    SimulatedServer::rouse(*connection_);
    connection_.reset();
  }

 private:
  using Pipe = detail::SimulatedPipe;
  static constexpr int first_descriptor = 1 << 24;

  void take(SimulationSocket& other) noexcept {
    connection_ = std::move(other.connection_);
    server_ = other.server_;
    network_ = other.network_;
    is_client_ = other.is_client_;
    peer_ = other.peer_;
    descriptor_ = std::exchange(other.descriptor_, -1);
    if (descriptor_ >= 0) network_->descriptors_[descriptor_] = this;
  }

  void open(std::shared_ptr<detail::SimulatedConnection> connection, SimulatedServer& server, bool is_client) {
    connection_ = std::move(connection);
    server_ = &server;
    network_ = &SimulatedNetwork::current();
    is_client_ = is_client;
    descriptor_ = first_descriptor + ++network_->last_descriptor_;
    network_->descriptors_[descriptor_] = this;
  }

  void dial(TimePoint deadline) {
    Simulation& run = Simulation::current();
    run.before(detail::SimulatedOperation::network, SourceLocation::current());
    SimulatedServer* const server = SimulatedNetwork::current().find(peer_);
    if (server == nullptr) fail(ECONNREFUSED, "connect to");
    pass(server->link.latency, deadline);
    server->attempts_.push_back(run.now());
    if (server->link.silent) pass(forever, deadline);
    if (server->refuses(run.now())) fail(ECONNREFUSED, "connect to");
    auto connection = std::make_shared<detail::SimulatedConnection>();
    server->adopt(connection);
    open(connection, *server, true);
    spawn_handler(std::move(connection), *server);
    pass(server->link.latency, deadline);
  }

  static void spawn_handler(std::shared_ptr<detail::SimulatedConnection> connection, SimulatedServer& server) {
    const auto work = [connection = std::move(connection), &server] {
      SimulationSocket socket;
      socket.open(connection, server, false);
      try {
        server.handler_ ? server.handler_(socket) : echo(socket);
      } catch (const std::system_error&) {  // its client has gone
      }
    };
    auto& task =
        Simulation::current().spawn(std::make_unique<detail::SimulatedBodyOf<std::decay_t<decltype(work)>>>(work));
    task.name = "the server's " + task.name;
  }
  static void echo(SimulationSocket& socket) {
    std::byte buffer[4096];
    while (const std::size_t got = socket.read_some(buffer, never)) {
      for (std::span<const std::byte> rest(buffer, got); !rest.empty();)
        rest = rest.subspan(socket.write_some(rest, never));
    }
  }

  [[nodiscard]] Simulation& arrive() const {
    Simulation& run = Simulation::current();
    run.before(detail::SimulatedOperation::network, SourceLocation::current());
    if (connection_ == nullptr) fail(EBADF, "use a closed socket to");
    return run;
  }

  void pass(Duration time, TimePoint deadline) const {
    Simulation& run = Simulation::current();
    const TimePoint until = after(run.now(), time);
    while (run.now() < std::min(until, deadline)) run.block(nullptr, std::min(until, deadline));
    if (run.now() < until) fail(ETIMEDOUT, "connect to");
  }
  void wait_or_fail(const Pipe& pipe, TimePoint next, TimePoint deadline, const char* operation) const {
    Simulation& run = Simulation::current();
    if (run.now() >= deadline) fail(ETIMEDOUT, operation);
    run.block(&pipe, std::min(next, deadline));
  }

  [[nodiscard]] std::size_t receive(std::span<std::byte> into) {
    std::string& bytes = incoming().chunks.front().bytes;
    const std::size_t count = server_->link.byte_by_byte ? 1 : std::min(into.size(), bytes.size());
    std::copy_n(std::as_bytes(std::span(bytes)).begin(), count, into.begin());
    bytes.erase(0, count);
    incoming().unread -= count;
    if (bytes.empty()) incoming().chunks.pop_front();
    Simulation::current().wake_all_that_wait_for(&incoming());
    return count;
  }
  [[nodiscard]] std::size_t send(std::span<const std::byte> from) {
    if (from.empty()) return 0;
    Pipe& pipe = outgoing();
    const auto& link = server_->link;
    std::span<const std::byte> arriving = from;
    const bool cut = !is_client_ && link.cut_after && pipe.written + from.size() > *link.cut_after;
    if (cut) arriving = from.first(*link.cut_after - std::min(pipe.written, *link.cut_after));
    pipe.written += from.size();
    if (is_client_) server_->heard_ += from.size();
    pipe.gap = pipe.gap || link.silent;
    if (!pipe.gap && !arriving.empty()) {
      const auto* text = reinterpret_cast<const char*>(arriving.data());
      pipe.chunks.push_back({after(Simulation::current().now(), link.latency), std::string(text, arriving.size())});
      pipe.unread += arriving.size();
    }
    if (cut) SimulatedServer::reset(*connection_);
    SimulatedServer::rouse(*connection_);
    return from.size();
  }

  [[noreturn]] void fail(int error, const char* operation) const {
    throw std::system_error(std::error_code(error, std::system_category()), operation + (' ' + peer_.to_string()));
  }

  [[nodiscard]] Pipe& incoming() const noexcept { return is_client_ ? connection_->to_client : connection_->to_server; }
  [[nodiscard]] Pipe& outgoing() const noexcept { return is_client_ ? connection_->to_server : connection_->to_client; }

  std::shared_ptr<detail::SimulatedConnection> connection_;
  SimulatedServer* server_ = nullptr;
  SimulatedNetwork* network_ = nullptr;
  bool is_client_ = true;
  Address peer_;
  int descriptor_ = -1;
};

}  // namespace carpool::inline v0_1
