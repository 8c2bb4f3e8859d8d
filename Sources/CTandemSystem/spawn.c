#include "CTandemSystem.h"
