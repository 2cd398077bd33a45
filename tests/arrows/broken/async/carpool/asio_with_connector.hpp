#include <carpool/tcp_with_detail_of_core.hpp>
