#include <carpool/detail/pool_core.hpp>
