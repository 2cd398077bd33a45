// needs: sqlite_connector
/// sqlite://: a file of the user's, asked to select the text.
#include "failures.hpp"
#include "spoken.hpp"

#include <carpool/sqlite_connector.hpp>

#include <string>

namespace carpool::compare {
namespace {

struct SelectText {
  template <class Connection>
  void operator()(Connection& connection, const std::string& text, TimePoint deadline) const {
    const auto result = connection.query("select ?1", {text}, deadline);
    if (result.template get<std::string>(0, 0) != text) throw WrongReply();
  }
};

const Speaks sqlite{{.schemes = {"sqlite"},
                     .example = "sqlite:///path/to/file",
                     .request = "a prepared SELECT of the text",
                     .prepare = speak<SqliteConnector>(SelectText{})}};

}  // namespace
}  // namespace carpool::compare
