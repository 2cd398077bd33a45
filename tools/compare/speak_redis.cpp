// needs: redis_connector
/// redis:// and, over TLS, rediss://: the server sends the text back.
#include "failures.hpp"
#include "spoken.hpp"

#include <carpool/redis_connector.hpp>

#include <string>

namespace carpool::compare {
namespace {

struct EchoCommand {
  template <class Connection>
  void operator()(Connection& connection, const std::string& text, TimePoint deadline) const {
    if (connection.template command_until<std::string>(deadline, "ECHO", text) != text) throw WrongReply();
  }
};

const Speaks redis{{.schemes = {"redis", "rediss"},
                    .example = "redis://user:password@host:port/0",
                    .request = "ECHO",
                    .prepare = speak<RedisConnector>(EchoCommand{})}};

}  // namespace
}  // namespace carpool::compare
