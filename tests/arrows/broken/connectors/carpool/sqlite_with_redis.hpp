#include <carpool/redis/reply.hpp>
