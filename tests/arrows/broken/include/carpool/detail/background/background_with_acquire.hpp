#include <carpool/detail/acquire.hpp>
