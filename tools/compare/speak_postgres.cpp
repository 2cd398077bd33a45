// needs: postgres_connector
/// postgres:// and postgresql://: a prepared statement that selects the text.
#include "failures.hpp"
#include "spoken.hpp"

#include <carpool/postgres_connector.hpp>

#include <string>

namespace carpool::compare {
namespace {

struct SelectText {
  template <class Connection>
  void operator()(Connection& connection, const std::string& text, TimePoint deadline) const {
    const auto result = connection.prepared("select $1::text", {text}, deadline);
    if (result.template get<std::string>(0, 0) != text) throw WrongReply();
  }
};

const Speaks postgres{{.schemes = {"postgres", "postgresql"},
                       .example = "postgres://user:password@host:port/database",
                       .request = "a prepared SELECT of the text",
                       .prepare = speak<PostgresConnector>(SelectText{})}};

}  // namespace
}  // namespace carpool::compare
