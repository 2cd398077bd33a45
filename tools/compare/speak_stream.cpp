/// tcp:// and unix://: a server that sends back what it is sent.
#include "failures.hpp"
#include "spoken.hpp"

#include <carpool/tcp_connector.hpp>
#include <carpool/unix_connector.hpp>

#include <string>

namespace carpool::compare {
namespace {

struct Echo {
  template <class Connection>
  void operator()(Connection& connection, const std::string& text, TimePoint deadline) const {
    connection.write_all(text, deadline);
    if (connection.read_exactly(text.size(), deadline) != text) throw WrongReply();
  }
};

const Speaks tcp{{.schemes = {"tcp"},
                  .example = "tcp://host:port",
                  .request = "bytes that the server echoes",
                  .prepare = speak<TcpConnector>(Echo{})}};
const Speaks local{{.schemes = {"unix"},
                    .example = "unix:///path",
                    .request = "bytes that the server echoes",
                    .prepare = speak<UnixConnector>(Echo{})}};

}  // namespace
}  // namespace carpool::compare
