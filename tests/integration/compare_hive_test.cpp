// needs: boost_thread_backend fiber_backend hive_connector
// sanitizers: none
/// carpool-compare asks a HiveServer2.
#include "../../tools/compare/endpoint.hpp"
#include "../../tools/compare/exchange.hpp"
#include "../../tools/compare/preflight.hpp"

#include <carpool/hive/types.hpp>

#include <string>

#include <gtest/gtest.h>

#include "hive_server.hpp"

namespace carpool::compare {
namespace {

TEST(CompareHive, SelectsTheTextAndNoticesAnothers) {
  HiveServer server;
  const auto selects = [&server](const std::string& asked, const std::string& answered) {
    server.on("SELECT '" + asked + "'", {.columns = {{"_c0", HiveType::string}}, .rows = {{answered}}});
  };
  selects("1-0.", "1-0.");
  const Endpoint endpoint =
      Endpoint::parse("hive://ada@127.0.0.1:" + std::to_string(server.port()) + "/default?auth=noSasl");
  EXPECT_NO_THROW(check_server(endpoint, 4));
  selects("1-0.", "2-0.");
  EXPECT_THROW(check_server(endpoint, 4), UsageError);
}

}  // namespace
}  // namespace carpool::compare
