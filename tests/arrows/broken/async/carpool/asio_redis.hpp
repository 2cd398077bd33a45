#include <carpool/sqlite_with_redis.hpp>
