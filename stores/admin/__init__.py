"""The pages of the admin."""

from stores.admin import aliases as aliases
from stores.admin import catalogue as catalogue
from stores.admin import establishments as establishments
from stores.admin import figures as figures
from stores.admin import photos as photos
from stores.admin import portfolios as portfolios
from stores.admin import recognising as recognising
from stores.admin import recognitions as recognitions
from stores.admin import uploads as uploads
from stores.admin import visits as visits
