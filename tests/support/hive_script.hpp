/// What the made-up HiveServer2 is told: its manners, and what it answers to a statement.
#pragma once

#include <carpool/hive/types.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// What a statement comes to.
struct HiveScript {
  struct Column {
    std::string name;
    carpool::HiveType type;
    std::string comment = {};
  };
  std::vector<Column> columns = {};
  std::vector<std::vector<carpool::HiveValue>> rows = {};  ///< each value of the C++ type that its column has
  std::string error = {};                                  ///< it fails so
  std::string sql_state = {};
  int polls = 0;         ///< answered with RUNNING before it is finished
  bool endless = false;  ///< until somebody cancels it
  bool unknown = false;  ///< "I know no such method"
};

struct HiveServerManners {
  bool plain = false;
  std::string user = "ada";  ///< with plain: the only one, with this password
  std::string password = "secret";
  std::int32_t version = 9;      ///< the highest that it speaks
  std::size_t rows_at_once = 2;  ///< whatever it is asked for
};
