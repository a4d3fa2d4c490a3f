# The first page after signing in.
home-title = Home
home-no-service = No service is open to you
home-no-service-administrator = No service is contracted, or no screen has been opened yet. A new screen is closed to everyone until it is set.
home-no-service-member = No screen of a contracted service has been opened to you yet. Tell your administrator which screen you need.
home-open-screens = Set access
home-no-screen = No root function of this service is open to you.
home-logged = Creating, changing, deleting and extracting records, and showing personal data, is entered in your activity.
