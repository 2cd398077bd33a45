/// The network of a simulation: hosts, servers and what goes wrong between them, by script or by the seed.
#pragma once

#include <carpool/posix/socket_address.hpp>
#include <carpool/simulation/primitives.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace carpool::inline v0_1 {

class SimulationSocket;

/// How a server and the way to it behave. May be changed at any time; what is under way sees the change.
struct SimulatedLink {
  Duration latency = std::chrono::microseconds(200);  ///< one way; a connect takes two
  bool refuses = false;                               ///< connects get ECONNREFUSED
  bool silent = false;                                ///< a black hole: connects hang, no byte arrives, then or later
  bool byte_by_byte = false;                          ///< each read gets one byte
  std::optional<std::size_t> cut_after;               ///< a connection is reset after so many bytes from the server
  TimePoint down_until = TimePoint::min();            ///< refuses until then
};

namespace detail {

/// One direction of a connection.
struct SimulatedPipe {
  struct Chunk {
    TimePoint arrives;
    std::string bytes;
  };
  static constexpr std::size_t room = 65536;  // unread bytes until the writer has to wait

  std::deque<Chunk> chunks;
  std::size_t unread = 0;
  std::size_t written = 0;  // in all
  bool gap = false;         // bytes were lost: what follows waits for them for ever
  bool ended = false;       // nothing will follow the chunks
  TimePoint end_arrives{};

  [[nodiscard]] bool readable(TimePoint now) const noexcept { return !chunks.empty() && chunks.front().arrives <= now; }
  [[nodiscard]] bool at_end(TimePoint now) const noexcept { return chunks.empty() && ended && end_arrives <= now; }
  /// When there will be something to see.
  [[nodiscard]] TimePoint next_arrival() const noexcept {
    if (!chunks.empty()) return chunks.front().arrives;
    return ended ? end_arrives : never;
  }
};

struct SimulatedConnection {
  SimulatedPipe to_client;
  SimulatedPipe to_server;
  bool reset = false;
  bool client_closed = false;
  bool server_closed = false;
};

}  // namespace detail

/// One address that somebody may listen at.
class SimulatedServer {
 public:
  /// The server's end of one connection; may block in simulated time.
  using Handler = std::function<void(SimulationSocket&)>;

  SimulatedLink link;  ///< at first: 200 us one way, and nothing goes wrong

  /// What it does with each connection, in a task of its own; a std::system_error ends that quietly. Default: sends
  /// each byte back.
  void serve(Handler handler) { handler_ = std::move(handler); }

  /// Connections that were neither reset nor closed by their client; those that the server closed count until then.
  [[nodiscard]] std::size_t open() const noexcept {
    return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(), [](const auto& each) {
      return !each->reset && !each->client_closed;
    }));
  }
  /// The greatest open() seen when a connection was accepted.
  [[nodiscard]] std::size_t most_open() const noexcept { return most_open_; }
  /// Connections in all, refused and hanging connects not included.
  [[nodiscard]] std::size_t accepted() const noexcept { return connections_ever_; }
  /// Bytes that clients have sent, also those that a silent link lost.
  [[nodiscard]] std::size_t heard() const noexcept { return heard_; }
  /// When each connect arrived, refused ones included.
  [[nodiscard]] const std::vector<TimePoint>& attempts() const noexcept { return attempts_; }

  /// Each connection is cut; whoever reads or writes gets ECONNRESET.
  void reset_all() {
    for (const auto& connection : connections_) reset(*connection);
  }
  /// Each connection ends as the server would end it: clients read what is under way, then the end.
  void close_all() {
    for (const auto& connection : connections_) end(*connection);
  }
  /// Resets everybody and refuses newcomers for so long.
  void go_down(Duration time) {
    link.down_until = after(Simulation::current().now(), time);
    reset_all();
  }

 private:
  friend class SimulationSocket;
  using Connection = detail::SimulatedConnection;

  [[nodiscard]] bool refuses(TimePoint now) const noexcept { return link.refuses || now < link.down_until; }
  void adopt(const std::shared_ptr<Connection>& connection) {
    std::erase_if(connections_, [](const auto& each) { return each->reset || each->client_closed; });
    connections_.push_back(connection);
    ++connections_ever_;
    most_open_ = std::max(most_open_, open());
  }
  static void rouse(const Connection& connection) {
    Simulation& run = Simulation::current();
    run.wake_all_that_wait_for(&connection.to_client);
    run.wake_all_that_wait_for(&connection.to_server);
  }
  static void reset(Connection& connection) {
    connection.reset = true;
    rouse(connection);
  }
  void end(Connection& connection) const {
    connection.to_client.ended = true;
    connection.to_client.end_arrives = after(Simulation::current().now(), link.latency);
    connection.server_closed = true;
    rouse(connection);
  }

  Handler handler_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<TimePoint> attempts_;
  std::size_t connections_ever_ = 0;
  std::size_t most_open_ = 0;
  std::size_t heard_ = 0;
};

/// The network of the simulation that runs; it goes with the run.
class SimulatedNetwork {
 public:
  /// Made at its first use in a run. Lifetime: the run's.
  [[nodiscard]] static SimulatedNetwork& current() { return Simulation::current().belonging<SimulatedNetwork>(); }

  /// The server at this address, made where there was none. host is a name, which gets an address of its own, or a
  /// number.
  SimulatedServer& server(const std::string& host, std::uint16_t port) { return server(address_of(host, port)); }
  SimulatedServer& server(const SocketAddress& address) { return servers_[address.to_string()]; }

  /// The name resolver: what it answers, and for how long it thinks. No address: the name is unknown.
  Duration resolving_takes = Duration::zero();
  /// What add_name() gave this name, with this port; nothing where it is unknown. Takes no simulated time.
  [[nodiscard]] std::vector<SocketAddress> resolve(const std::string& host, std::uint16_t port) {
    const auto known = names_.find(host);
    if (known == names_.end()) return {};
    std::vector<SocketAddress> found;
    for (const std::uint32_t number : known->second) found.push_back(make(number, port));
    return found;
  }
  /// Gives host so many addresses, 10.0.0.1 and on.
  void add_name(const std::string& host, std::size_t addresses = 1) {
    auto& numbers = names_[host];
    while (numbers.size() < addresses) numbers.push_back(0x0A000001U + given_++);
  }

 private:
  friend class SimulationSocket;
  friend struct SimulationBackend;

  [[nodiscard]] SocketAddress address_of(const std::string& host, std::uint16_t port) {
    std::vector<SocketAddress> found = parse_numeric(host, port);
    if (!found.empty()) return found.front();
    add_name(host);
    return resolve(host, port).front();
  }
  [[nodiscard]] static SocketAddress make(std::uint32_t number, std::uint16_t port) noexcept {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(number);
    return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
  }
  [[nodiscard]] SimulatedServer* find(const SocketAddress& address) {
    const auto found = servers_.find(address.to_string());
    return found == servers_.end() ? nullptr : &found->second;
  }

  std::map<std::string, SimulatedServer> servers_;  // by address; nodes never move
  std::map<std::string, std::vector<std::uint32_t>> names_;
  std::uint32_t given_ = 0;
  std::map<int, const SimulationSocket*> descriptors_;
  int last_descriptor_ = 0;
};

}  // namespace carpool::inline v0_1
