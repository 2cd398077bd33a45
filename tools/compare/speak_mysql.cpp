// needs: mysql_connector
/// mysql:// and mariadb://: a prepared statement that selects the text.
#include "failures.hpp"
#include "spoken.hpp"

#include <carpool/mysql_connector.hpp>

#include <string>

namespace carpool::compare {
namespace {

struct SelectText {
  template <class Connection>
  void operator()(Connection& connection, const std::string& text, TimePoint deadline) const {
    const auto result = connection.prepared("select ?", {text}, deadline);
    if (result[0].template get<std::string>(0) != text) throw WrongReply();
  }
};

const Speaks mysql{{.schemes = {"mysql", "mariadb"},
                    .example = "mysql://user:password@host:port/database",
                    .request = "a prepared SELECT of the text",
                    .prepare = speak<MysqlConnector>(SelectText{})}};

}  // namespace
}  // namespace carpool::compare
