s/"Proprietary"/"GPL"/
