/// What all databases share does not know one of them.
#pragma once

#include <carpool/sqlite/error.hpp>
