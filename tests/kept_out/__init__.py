"""What a reviewer whom sources keep out can find out from everything that there is to be seen."""
