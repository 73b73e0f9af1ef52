#include "aws_stores.h"
