// needs: hive_connector
/// hive://: a HiveServer2, asked to select the text.
#include "failures.hpp"
#include "spoken.hpp"

#include <carpool/hive_connector.hpp>

#include <string>

namespace carpool::compare {
namespace {

struct SelectText {
  template <class Connection>
  void operator()(Connection& connection, const std::string& text, TimePoint deadline) const {
    const HiveRows rows = connection.query("SELECT '" + text + "'", deadline);
    if (rows.size() != 1 || rows.template get<std::string>(0, 0) != text) throw WrongReply();
  }
};

const Speaks hive{{.schemes = {"hive"},
                   .example = "hive://user:password@host:port/database",
                   .request = "a SELECT of the text",
                   .prepare = speak<HiveConnector>(SelectText{})}};

}  // namespace
}  // namespace carpool::compare
